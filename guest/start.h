#ifndef DVM_START_H
#define DVM_START_H

#include "container.h"
#include "process_spec.h"

/* START: the container's first process becomes this. `request` is answered when it runs, or can't.
 */
int container_start(struct container *container, const struct process_spec *spec, uint32_t request,
                    struct failure *failure);
/* EXEC: a further process. */
int container_exec(struct container *container, const struct process_spec *spec, uint32_t request,
                   struct failure *failure);

#endif
