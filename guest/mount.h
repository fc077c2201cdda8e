#ifndef DVM_MOUNT_H
#define DVM_MOUNT_H

#include "agent.h"
#include "inside.h"
#include "setup.h"

int mount_on(const char *source, int target, const char *kind, unsigned long flags,
             const char *options, struct failure *failure);

/*
 * Whether this is a file of /proc that runc lets be mounted on. The container has a /proc of its
 * own only when its first process goes into its root: such mounts are placed then.
 */
bool is_on_file_of_proc(const struct guest_mount *mount);
/* Places one; what it is of was opened by place_mount(). */
int place_on_file_of_proc(int root, const struct guest_mount *mount, struct failure *failure);

/* Puts the user's mount into the tree at `root`, of the container in `slot`. */
int place_mount(int root, unsigned slot, const struct guest_mount *mount, struct failure *failure);

#endif
