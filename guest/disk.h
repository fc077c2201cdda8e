#ifndef DVM_DISK_H
#define DVM_DISK_H

#include "agent.h"

#define DISK_PATH_MAX 40

/*
 * Finds the disk with this name, its virtio serial; waits for it while the machine boots. What was
 * found is remembered: asking a disk for its name takes a round trip to the host.
 */
int disk_find(const char *name, char path[DISK_PATH_MAX], struct failure *failure);
/* Waits until nobody has the disk mounted any more; false when that doesn't come. */
bool disk_wait_unused(const char *name);

#endif
