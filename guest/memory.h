#ifndef DVM_MEMORY_H
#define DVM_MEMORY_H

#include "container.h"

/* Processes of containers that the kernel kills for want of memory. */

/* From now on, until the container goes; without its cgroup's file nothing is told. */
void memory_watch(struct container *container);

/* Tells the host what is new, as far as there is room. */
void memory_pump(void);
/* The host of this conversation knows the containers; or it has gone. */
void memory_attach(void);
void memory_detach(void);

#endif
