#ifndef DVM_LIMITS_H
#define DVM_LIMITS_H

#include <sched.h>
#include <sys/types.h>

#include "agent.h"
#include "place.h"
#include "setup.h"

/* Lays them on a container's new cgroup; what is no limit is left as it is. */
int limits_set(const struct place *place, const struct container_limits *limits,
               struct failure *failure);
/* Lays them on one that has some already: what is no limit now is lifted. */
int limits_change(const struct place *place, const struct container_limits *limits,
                  struct failure *failure);
/*
 * Which processors a further process must bind itself to, as `first`, the first one, did; false
 * where a cgroup sees to it.
 */
bool limits_bind(const struct place *place, pid_t first, cpu_set_t *processors);

#endif
