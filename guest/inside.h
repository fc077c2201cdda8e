#ifndef DVM_INSIDE_H
#define DVM_INSIDE_H

#include <limits.h>

#include "agent.h"

/* Paths in the tree of a folder `root`, where no link leads out. */

/* Follows links; what is there is opened. -1 with errno. */
int open_in(int root, const char *path, int flags);
/*
 * Where `path` leads, as Docker finds the place of a mount: from "/" on, without links. What isn't
 * there is taken as it is written, so that a link may lead to what is to be made.
 */
int resolve_in(int root, const char *path, char result[PATH_MAX], struct failure *failure);
/* mkdir -p of where `path` leads; a descriptor (O_PATH) of the folder. */
int make_folder_in(int root, const char *path, struct failure *failure);
/* The same with an empty file as the last one, if nothing is there. */
int make_file_in(int root, const char *path, struct failure *failure);
/* Such a file in a folder, whatever is there; a link itself is it, not where it leads. */
int make_file_at(int folder, const char *name, struct failure *failure);

#endif
