#ifndef DVM_SPECIAL_MOUNT_H
#define DVM_SPECIAL_MOUNT_H

#include "agent.h"
#include "setup.h"

/* Mounts of what is no file or folder of the host, into the tree at `root` (protocol.h). */

/* MOUNT_SOCKET, for the container in `slot`. */
int place_socket(int root, unsigned slot, const struct guest_mount *mount, struct failure *failure);
/* MOUNT_DEVICE */
int place_device(int root, const struct guest_mount *mount, struct failure *failure);

#endif
