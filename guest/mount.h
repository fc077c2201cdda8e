#ifndef DVM_MOUNT_H
#define DVM_MOUNT_H

#include "agent.h"
#include "setup.h"

/* mkdir -p below `root`, where no link leads out; a descriptor (O_PATH) of the folder. */
int make_folder_in(int root, const char *path, struct failure *failure);
/* As make_folder_in, for a file in a folder; an existing one stays as it is. */
int make_file_in(int root, const char *path, struct failure *failure);
/* Opens what is at `path` below `root`, O_PATH; -1 with errno. */
int open_in(int root, const char *path, int flags);

int mount_on(const char *source, int target, const char *kind, unsigned long flags,
             const char *options, struct failure *failure);

/* Puts the user's mount into the tree at `root`. */
int place_mount(int root, const struct guest_mount *mount, struct failure *failure);

#endif
