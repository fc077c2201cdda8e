#include "watchers.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"

#define BELIEVED_MS 500

static bool is_watcher(int folder, const char *name) {
    char target[40];
    ssize_t size = readlinkat(folder, name, target, sizeof target - 1);
    target[size < 0 ? 0 : size] = 0;
    return strcmp(target, "anon_inode:inotify") == 0 ||
           strcmp(target, "anon_inode:[fanotify]") == 0;
}

static bool watches(int processes, const char *pid) {
    char path[300];
    snprintf(path, sizeof path, "%s/fd", pid);
    int fd = openat(processes, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    bool found = false;
    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    while (!found && (entry = readdir(folder)) != NULL)
        found = is_watcher(fd, entry->d_name);
    closedir(folder);
    return found;
}

static bool look(void) {
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    bool found = false;
    while (folder != NULL && !found && (entry = readdir(folder)) != NULL)
        found = isdigit((unsigned char)entry->d_name[0]) && watches(dirfd(folder), entry->d_name);
    if (folder != NULL)
        closedir(folder);
    return found;
}

bool somebody_watches(void) {
    static uint64_t looked_ms;
    static bool found;
    uint64_t now_ms = uptime_ms();
    if (looked_ms == 0 || now_ms - looked_ms > BELIEVED_MS) {
        found = look();
        looked_ms = now_ms;
    }
    return found;
}
