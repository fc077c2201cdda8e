#ifndef DVM_BIND_H
#define DVM_BIND_H

#include "agent.h"

/*
 * Shows what is at `source`, and what is mounted below it, on the open `target` (O_PATH). It is
 * made read-only before others see it: of a mount that spreads to other namespaces the flags don't
 * follow.
 */
int bind_on(const char *source, int target, bool read_only, struct failure *failure);

#endif
