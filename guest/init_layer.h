#ifndef DVM_INIT_LAYER_H
#define DVM_INIT_LAYER_H

#include <sys/stat.h>

#include "agent.h"

/*
 * What Docker puts into a container's tree when it makes it (its init layer), beside the files of
 * /etc that are mounted: /.dockerenv, /etc/mtab, and what /dev hides. `root` is the tree's folder.
 */
int init_layer_make(int root, struct failure *failure);

/* Makes the folder's time what it was: what the agent puts there is no change of the container's.
 */
void keep_folder_time(int root, const char *name, const struct stat *before);

#endif
