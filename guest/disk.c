#include "disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define DISKS_MAX 64
#define BOOT_MS 10000
#define APPEAR_MS 5000
#define UNUSED_MS 5000

static struct {
    char name[DVM_DISK_NAME_MAX + 1];
    char path[DISK_PATH_MAX];
} known[DISKS_MAX];
static size_t known_count;

static bool is_known_path(const char *path) {
    for (size_t index = 0; index < known_count; index++)
        if (strcmp(known[index].path, path) == 0)
            return true;
    return false;
}

static const char *path_of(const char *name) {
    for (size_t index = 0; index < known_count; index++)
        if (strcmp(known[index].name, name) == 0)
            return known[index].path;
    return NULL;
}

/* A disk without a serial, or one that isn't there whole yet, is nobody's. */
static void learn(const char *device) {
    char serial_path[PATH_MAX], serial[64], path[DISK_PATH_MAX];
    snprintf(path, sizeof path, "/dev/%.30s", device);
    if (known_count == DISKS_MAX || is_known_path(path) || access(path, F_OK) < 0)
        return;
    snprintf(serial_path, sizeof serial_path, "/sys/block/%s/serial", device);
    if (read_file(serial_path, serial, sizeof serial) <= 0)
        return;
    serial[strcspn(serial, "\n")] = 0;
    if (serial[0] == 0)
        return;
    snprintf(known[known_count].name, sizeof known->name, "%.20s", serial);
    snprintf(known[known_count].path, sizeof known->path, "%s", path);
    known_count++;
}

static void learn_all(void) {
    DIR *folder = opendir("/sys/block");
    if (folder == NULL)
        return;
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            learn(entry->d_name);
    closedir(folder);
}

static bool is_there(const void *name) {
    if (path_of(name) == NULL)
        learn_all();
    return path_of(name) != NULL;
}

int disk_find(const char *name, char path[DISK_PATH_MAX], struct failure *failure) {
    if (name[0] == 0 || strlen(name) > DVM_DISK_NAME_MAX)
        return fail(failure, STATUS_INVALID, "cannot use disk \"%.64s\": it is no name of one",
                    name);
    /* they come with the machine, and none comes later */
    if (!wait_until(is_there, name, uptime_ms() < BOOT_MS ? APPEAR_MS : 0))
        return fail(failure, STATUS_UNAVAILABLE, "cannot find disk %s: there is no such disk",
                    name);
    snprintf(path, DISK_PATH_MAX, "%s", path_of(name));
    return 0;
}

/* Who has it mounted has it to himself. */
static bool is_unused(const void *path) {
    int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

bool disk_wait_unused(const char *name) {
    const char *path = path_of(name);
    return path == NULL || wait_until(is_unused, path, UNUSED_MS);
}
