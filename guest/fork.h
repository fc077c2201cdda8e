#ifndef DVM_FORK_H
#define DVM_FORK_H

#include <sys/types.h>

#include "place.h"

/*
 * Forks into a container's cgroup and a pid namespace: a new one, or that of `first`, its first
 * process, if that isn't 0. As fork(): 0 in the child, -1 with errno.
 */
pid_t fork_into_container(const struct place *place, pid_t first);

#endif
