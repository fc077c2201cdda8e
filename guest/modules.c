#include "modules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "agent.h"

static int is_module(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 3 && strcmp(entry->d_name + length - 3, ".ko") == 0;
}

static void load_module(const char *path) {
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
        complain("cannot load %s: %s", path, strerror(errno));
}

void load_modules(const char *folder) {
    struct dirent **entries;
    int count = scandir(folder, &entries, is_module, alphasort);
    for (int index = 0; index < count; index++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", folder, entries[index]->d_name);
        load_module(path);
        unlink(path);
        free(entries[index]);
    }
    if (count >= 0)
        free(entries);
}
