#ifndef DVM_MOUNT_H
#define DVM_MOUNT_H

#include "agent.h"
#include "inside.h"
#include "setup.h"

int mount_on(const char *source, int target, const char *kind, unsigned long flags,
             const char *options, struct failure *failure);

/* Puts the user's mount into the tree at `root`, of the container in `slot`. */
int place_mount(int root, unsigned slot, const struct guest_mount *mount, struct failure *failure);

#endif
