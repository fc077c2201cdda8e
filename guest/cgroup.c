#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define FREEZE_DEADLINE_MS 1000
#define REMOVE_DEADLINE_MS 2000
#define DEPTH_MAX 64

int cgroup_mount(struct failure *failure) {
    static const char *const controllers[] = {"+cpu", "+memory", "+pids", "+io", "+cpuset"};
    static bool mounted;
    if (mounted)
        return 0;
    if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) < 0)
        return fail_errno(failure, "cannot mount cgroup2");
    mounted = true;
    /* a controller that this kernel lacks is missed later, if a limit asks for it */
    for (size_t index = 0; index < sizeof controllers / sizeof *controllers; index++)
        write_file("/sys/fs/cgroup/cgroup.subtree_control", controllers[index]);
    return 0;
}

int cgroup_make(const struct place *place, struct failure *failure) {
    return mkdir(place->cgroup, 0755) < 0
               ? fail_errno(failure, "cannot make the container's cgroup")
               : 0;
}

static void file_of(const struct place *place, const char *file, char path[128]) {
    snprintf(path, 128, "%s/%s", place->cgroup, file);
}

/* Those below first: a cgroup that has any can't go. */
static void remove_below(const char *path, int depth) {
    DIR *folder = depth > DEPTH_MAX ? NULL : opendir(path);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char below[PATH_MAX];
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
            snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= (int)sizeof below)
            continue;
        remove_below(below, depth + 1);
        rmdir(below);
    }
    if (folder != NULL)
        closedir(folder);
}

static bool is_removed(const void *path) {
    remove_below(path, 0);
    return rmdir(path) == 0 || errno == ENOENT;
}

int cgroup_remove(const struct place *place, struct failure *failure) {
    if (!wait_until(is_removed, place->cgroup, REMOVE_DEADLINE_MS))
        return fail_errno(failure, "cannot remove the container's cgroup");
    return 0;
}

static bool has_event(const struct place *place, const char *event) {
    char path[128], text[128];
    file_of(place, "cgroup.events", path);
    return read_file(path, text, sizeof text) > 0 && strstr(text, event) != NULL;
}

static bool is_frozen(const void *place) { return has_event(place, "frozen 1"); }

int cgroup_freeze(const struct place *place, bool still, struct failure *failure) {
    char path[128];
    file_of(place, "cgroup.freeze", path);
    if (write_file(path, still ? "1" : "0") < 0)
        return fail_errno(failure, "cannot freeze or thaw the container");
    if (still)
        wait_until(is_frozen, place, FREEZE_DEADLINE_MS);
    return 0;
}

bool cgroup_is_empty(const struct place *place) { return !has_event(place, "populated 1"); }

unsigned long cgroup_memory_kills(const struct place *place) {
    char path[128], text[512];
    file_of(place, "memory.events", path);
    const char *line = read_file(path, text, sizeof text) < 0 ? NULL : strstr(text, "oom_kill ");
    return line == NULL ? 0 : strtoul(line + strlen("oom_kill "), NULL, 10);
}

int cgroup_open_memory_events(const struct place *place) {
    char path[128];
    file_of(place, "memory.events", path);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Moving into a cgroup later waits for a grace period: by emulation ten milliseconds. */
static pid_t fork_into(const char *path) {
    cleanup_close int cgroup = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct clone_args arguments = {
        .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup};
    return cgroup < 0 ? -1 : (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

static int find_cgroup_of(pid_t first, const char *above, char *path, size_t room) {
    char name[64], text[4096];
    snprintf(name, sizeof name, "/proc/%d/cgroup", first);
    if (read_file(name, text, sizeof text) <= 0)
        return -1;
    char *end = strchr(text, '\n'), *own = text + strlen("0::/");
    size_t length = strlen(above);
    if (end == NULL || strncmp(text, "0::/", strlen("0::/")) != 0 ||
        strncmp(own, above, length) != 0 || own[length] != '/')
        return -1;
    *end = 0;
    return (size_t)snprintf(path, room, "/sys/fs/cgroup/%s", own) < room ? 0 : -1;
}

pid_t cgroup_fork(const struct place *place, pid_t first) {
    char path[4096];
    pid_t pid = fork_into(place->cgroup);
    /* a cgroup whose children have controllers may hold no process itself */
    if (pid >= 0 || first == 0 || (errno != EBUSY && errno != EOPNOTSUPP))
        return pid;
    int number = errno;
    if (find_cgroup_of(first, place->cgroup_name, path, sizeof path) == 0)
        return fork_into(path);
    errno = number;
    return -1;
}
