#include "stat.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "mount.h"
#include "user.h"

static const char *find_value(const char *text, const char *name) {
    size_t length = strlen(name);
    while (text != NULL) {
        if (strncmp(text, name, length) == 0)
            return text + length;
        text = strchr(text, '\n');
        text = text == NULL ? NULL : text + 1;
    }
    return NULL;
}

static uint64_t value_of(const char *text, const char *name) {
    const char *value = find_value(text, name);
    return value == NULL ? 0 : strtoull(value, NULL, 10);
}

/* Those below the container's cgroup are its own; its path stands after "0::/". */
static bool is_of(const struct place *place, uint32_t pid) {
    char path[64], text[256];
    size_t length = strlen(place->cgroup_name);
    snprintf(path, sizeof path, "/proc/%u/cgroup", pid);
    if (read_file(path, text, sizeof text) < 0)
        return false;
    const char *name = find_value(text, "0::/");
    return name != NULL && strncmp(name, place->cgroup_name, length) == 0 &&
           (name[length] == '/' || name[length] == '\n');
}

/* The pid inside the container: the second number of NSpid; 0 for a process of the agent's own. */
static uint32_t inner_pid(const char *status) {
    const char *line = find_value(status, "NSpid:");
    char *rest;
    if (line == NULL)
        return 0;
    strtoul(line, &rest, 10);
    return *rest == '\t' ? (uint32_t)strtoul(rest, NULL, 10) : 0;
}

/* The command line with blanks between its words; a kernel-like "[name]" when it has none. */
static void read_command(uint32_t pid, const char *name, char *command, size_t room) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%u/cmdline", pid);
    int count = read_file(path, command, room);
    if (count <= 0) {
        snprintf(command, room, "[%s]", name);
        return;
    }
    while (count > 0 && command[count - 1] == 0)
        count--;
    for (int index = 0; index < count; index++)
        if (command[index] == 0)
            command[index] = ' ';
}

/* The second of the numbers that follow a name of /proc/…/status: the effective one of ids. */
static uint32_t second_of(const char *status, const char *name) {
    const char *first = find_value(status, name);
    const char *second = first == NULL ? NULL : strchr(first, '\t');
    return second == NULL ? 0 : (uint32_t)strtoul(second, NULL, 10);
}

/* Names of the container's own users and groups. */
struct names {
    int passwd, group;
};

static void write_owner(struct writer *result, const char *status, const struct names *names) {
    char name[64];
    uint32_t uid = second_of(status, "Uid:\t"), gid = second_of(status, "Gid:\t");
    write_u32(result, (uint32_t)value_of(status, "Uid:\t"));
    write_u32(result, uid);
    write_u32(result, (uint32_t)value_of(status, "Gid:\t"));
    write_u32(result, gid);
    name_of_id(names->passwd, uid, name, sizeof name);
    write_string(result, name);
    name_of_id(names->group, gid, name, sizeof name);
    write_string(result, name);
}

static void write_process(struct writer *result, uint32_t pid, const struct names *names,
                          uint32_t *count) {
    char path[64], status[4096], stat[1024], command[4096], name[64];
    snprintf(path, sizeof path, "/proc/%u/status", pid);
    if (read_file(path, status, sizeof status) < 0)
        return;
    uint32_t inner = inner_pid(status);
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    if (inner == 0 || read_file(path, stat, sizeof stat) < 0)
        return;
    /* the name stands between parentheses, and may hold anything */
    char *open = strchr(stat, '('), *end = strrchr(stat, ')');
    if (open == NULL || end == NULL || end[1] == 0)
        return;
    *end = 0;
    snprintf(name, sizeof name, "%s", open + 1);
    read_command(pid, name, command, sizeof command);
    write_u32(result, pid);
    write_u32(result, inner);
    write_string(result, name);
    write_string(result, end + 2);
    write_string(result, command);
    write_u64(result, value_of(status, "VmLck:") * 1024);
    write_owner(result, status, names);
    (*count)++;
}

static int open_names(int root, const char *path) {
    return root < 0 ? -1 : open_in(root, path, O_RDONLY | O_NONBLOCK);
}

static uint64_t machine_memory(void) {
    char text[4096];
    return read_file("/proc/meminfo", text, sizeof text) < 0 ? 0
                                                             : value_of(text, "MemTotal:") * 1024;
}

void stat_processes(const struct container *container, struct writer *result) {
    cleanup_close int root = open(container->place.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int passwd = open_names(root, "/etc/passwd");
    cleanup_close int group = open_names(root, "/etc/group");
    const struct names names = {.passwd = passwd, .group = group};
    struct writer entries = {.bound = result->bound - 32};
    uint32_t count = 0;
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);
        if (isdigit((unsigned char)entry->d_name[0]) && is_of(&container->place, pid))
            write_process(&entries, pid, &names, &count);
    }
    if (folder != NULL)
        closedir(folder);
    write_u32(result, (uint32_t)sysconf(_SC_CLK_TCK));
    write_u32(result, (uint32_t)sysconf(_SC_PAGESIZE));
    write_u64(result, uptime_ms());
    write_u64(result, machine_memory());
    write_u32(result, count);
    write_raw(result, entries.bytes, entries.used);
    result->full |= entries.full;
    writer_close(&entries);
}

/* All the time that processors spent, busy or not, in nanoseconds. */
static uint64_t system_cpu_ns(void) {
    char text[8192];
    if (read_file("/proc/stat", text, sizeof text) < 0)
        return 0;
    const char *at = find_value(text, "cpu ");
    uint64_t ticks = 0;
    char *rest = (char *)at;
    for (int index = 0; at != NULL && index < 8; index++)
        ticks += strtoull(rest, &rest, 10);
    return ticks * (1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* The cards of the namespace that this process is in. */
static void write_network(pid_t pid, struct writer *result) {
    char path[64], text[8192];
    snprintf(path, sizeof path, "/proc/%d/net/dev", pid);
    struct writer cards = {.bound = 4096};
    uint32_t count = 0;
    char *line = read_file(path, text, sizeof text) < 0 ? NULL : text;
    for (int number = 0; line != NULL && *line != 0 && count < 16; number++) {
        char name[32];
        unsigned long long value[16];
        char *next = strchr(line, '\n');
        if (number >= 2 &&
            sscanf(line,
                   " %31[^:]: %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu "
                   "%llu %llu %llu",
                   name, &value[0], &value[1], &value[2], &value[3], &value[4], &value[5],
                   &value[6], &value[7], &value[8], &value[9], &value[10], &value[11], &value[12],
                   &value[13], &value[14], &value[15]) == 17 &&
            strcmp(name, "lo") != 0) {
            static const int wanted[] = {0, 1, 2, 3, 8, 9, 10, 11};
            write_string(&cards, name);
            for (size_t index = 0; index < 8; index++)
                write_u64(&cards, value[wanted[index]]);
            count++;
        }
        line = next == NULL ? NULL : next + 1;
    }
    write_u32(result, count);
    write_raw(result, cards.bytes, cards.used);
    writer_close(&cards);
}

/* Sums one key over all devices of io.stat. */
static uint64_t sum_of(const char *text, const char *key) {
    uint64_t sum = 0;
    for (const char *at = strstr(text, key); at != NULL; at = strstr(at + 1, key))
        sum += strtoull(at + strlen(key), NULL, 10);
    return sum;
}

static int read_of_cgroup(const struct place *place, const char *file, char *text, size_t room) {
    char path[128];
    text[0] = 0;
    snprintf(path, sizeof path, "%s/%s", place->cgroup, file);
    return read_file(path, text, room);
}

/* All ones for "max", which is no limit. */
static uint64_t number_of_cgroup(const struct place *place, const char *file) {
    char text[64];
    if (read_of_cgroup(place, file, text, sizeof text) < 0)
        return 0;
    return strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

static void write_of_cgroup(const struct place *place, const char *file, struct writer *result) {
    char text[8192];
    read_of_cgroup(place, file, text, sizeof text);
    write_string(result, text);
}

void stat_container(const struct container *container, struct writer *result) {
    const struct place *place = &container->place;
    write_u64(result, number_of_cgroup(place, "memory.current"));
    write_u64(result, machine_memory());
    write_u64(result, number_of_cgroup(place, "memory.max"));
    write_u64(result, system_cpu_ns());
    write_u32(result, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
    write_u64(result, number_of_cgroup(place, "pids.current"));
    write_u64(result, number_of_cgroup(place, "pids.max"));
    write_network(container->first.pid, result);
    static const char *const files[] = {"cpu.stat", "memory.stat", "memory.events", "io.stat"};
    for (size_t index = 0; index < sizeof files / sizeof files[0]; index++)
        write_of_cgroup(place, files[index], result);
}

static uint64_t began_ns;

void stat_begin(void) { began_ns = uptime_ns(); }

/* MemAvailable leaves out the free pages that lie in the processors' own lists. */
void stat_boot(struct writer *result) {
    char memory[4096] = "", zones[16384] = "";
    read_file("/proc/meminfo", memory, sizeof memory);
    read_file("/proc/zoneinfo", zones, sizeof zones);
    uint64_t listed = sum_of(zones, " count:") * (uint64_t)sysconf(_SC_PAGESIZE);
    write_u64(result, began_ns);
    write_u64(result, value_of(memory, "MemTotal:") * 1024);
    write_u64(result, value_of(memory, "MemAvailable:") * 1024 + listed);
}
