#include "port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"

#define FOLDER "/sys/class/virtio-ports"
#define DEADLINE_MS 10000

struct search {
    const char *name;
    char *path;
    size_t room;
};

static bool has_name(const char *entry, const char *wanted) {
    char path[PATH_MAX], name[64];
    snprintf(path, sizeof path, FOLDER "/%s/name", entry);
    if (read_file(path, name, sizeof name) < 0)
        return false;
    name[strcspn(name, "\n")] = 0;
    return strcmp(name, wanted) == 0;
}

static bool find(const void *argument) {
    const struct search *search = argument;
    DIR *folder = opendir(FOLDER);
    if (folder == NULL)
        return false;
    bool found = false;
    struct dirent *entry;
    while (!found && (entry = readdir(folder)) != NULL) {
        found = has_name(entry->d_name, search->name);
        if (found)
            snprintf(search->path, search->room, "/dev/%.50s", entry->d_name);
    }
    closedir(folder);
    return found;
}

int port_open(const char *name) {
    char path[64];
    const struct search search = {name, path, sizeof path};
    if (!wait_until(find, &search, DEADLINE_MS)) {
        errno = ENODEV;
        return -1;
    }
    return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}
