#ifndef DVM_HEALTH_H
#define DVM_HEALTH_H

#include "container.h"
#include "health_spec.h"

/*
 * Health checks of containers: probes that run at intervals, whether a host listens or not, and
 * what came of the last ones.
 */

/* From now on the container, which runs, is checked; in place of a check that it has. */
int health_begin(struct container *container, const struct health_spec *spec,
                 struct failure *failure);
/* Its processes stand still, or go on: there are no probes meanwhile. */
void health_stand_still(const struct container *container, bool still);
/* Its processes end. */
void health_end(const struct container *container);
/* A probe of it is still to be reaped. */
bool health_runs(const struct container *container);
/* A child was reaped, which may have been a probe. */
void health_take_exit(pid_t pid, int status);

/* Tells the host what is new, as far as there is room. */
void health_pump(void);
/* The host of this conversation knows the containers; or it has gone. */
void health_attach(void);
void health_detach(void);

#endif
