#ifndef DVM_FORK_H
#define DVM_FORK_H

#include <stdbool.h>
#include <sys/types.h>

#include "place.h"

/*
 * Forks into a container's cgroup and the pid namespace of `other`: its own first process, or that
 * of another container. As fork(): 0 in the child, -1 with errno.
 */
pid_t fork_into_container(const struct place *place, pid_t other, bool is_own);
/* The same into a new pid namespace. */
pid_t fork_first(const struct place *place);

#endif
