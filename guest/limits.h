#ifndef DVM_LIMITS_H
#define DVM_LIMITS_H

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
/* The processors of `first`, its first process, are the caller's too, where no cgroup keeps them.
 */
void limits_join(const struct place *place, pid_t first);

#endif
