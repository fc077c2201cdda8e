#ifndef DVM_TMPFS_H
#define DVM_TMPFS_H

#include "agent.h"
#include "setup.h"

/*
 * Puts a tmpfs that the user asked for into the tree at `root`. Where it hides a folder it has that
 * one's mode and owner, unless its options say otherwise.
 */
int place_tmpfs(int root, const struct guest_mount *mount, struct failure *failure);

#endif
