#ifndef DVM_CGROUP_H
#define DVM_CGROUP_H

#include <sys/types.h>

#include "agent.h"
#include "place.h"

/* The machine's tree of cgroups; again: nothing. */
int cgroup_mount(struct failure *failure);

int cgroup_make(const struct place *place, struct failure *failure);
/* With all that was made below it; its processes have gone. */
int cgroup_remove(const struct place *place, struct failure *failure);
/* Its processes stand still, a moment later those too that wait for a disk or a share. */
int cgroup_freeze(const struct place *place, bool still, struct failure *failure);
bool cgroup_is_empty(const struct place *place);
/* Processes that were killed for want of memory, since it was made. */
unsigned long cgroup_memory_kills(const struct place *place);
/* The file that tells of them, and of which the kernel says when it has changed; -1: none. */
int cgroup_open_memory_events(const struct place *place);

/*
 * As fork(), into the container's cgroup; -1 with errno. `first`, its first process, may have moved
 * to a cgroup below: where the container's own can take no process, that is taken. 0: there is
 * none.
 */
pid_t cgroup_fork(const struct place *place, pid_t first);

#endif
