#ifndef DVM_DESTROY_H
#define DVM_DESTROY_H

#include "container.h"

/* DESTROY: kills what is left of the container; `request` is answered when all of it has gone. */
void container_destroy(struct container *container, uint32_t request);
/* Takes note of children that have ended. */
void children_reap(void);
/* SHUT_DOWN: ends all containers, waits a while for it, and takes all disks out of use. */
void containers_end(void);
/* The conversation is over: nobody waits for the end of one any more. */
void containers_detach(void);

#endif
