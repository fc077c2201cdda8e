#ifndef DVM_FIND_PROGRAM_H
#define DVM_FIND_PROGRAM_H

#include <limits.h>

#include "agent.h"

/*
 * Finds what `name` runs, as runc does: Go's exec.LookPath with `search` as PATH (NULL: none), then
 * whether the one that runs may run it.
 */
int find_program(const char *name, const char *search, char path[PATH_MAX],
                 struct failure *failure);

#endif
