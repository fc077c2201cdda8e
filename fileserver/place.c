#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

void place_of_fd(int fd, char path[PLACE_MAX]) {
    snprintf(path, PLACE_MAX, "/proc/self/fd/%d", fd);
}

int place_open(int fd, int flags) {
    char path[PLACE_MAX];
    place_of_fd(fd, path);
    int opened = open(path, (flags & ~O_NOFOLLOW) | O_CLOEXEC | O_NOCTTY);
    return opened < 0 ? -errno : opened;
}
