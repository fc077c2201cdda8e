#pragma once

/*
 * Ways to a file whose O_PATH descriptor is held, and to nothing else: by /proc/self/fd, which
 * leads to the very file, link or not, however it is called now.
 */

#include <stdint.h>

#define PLACE_MAX 32

/* The file's path for calls that take no descriptor; follow it, it is a link to the file. */
void place_of_fd(int fd, char path[PLACE_MAX]);
/* Opens the file anew. A descriptor, or -errno. */
int place_open(int fd, int flags);
