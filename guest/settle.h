#ifndef DVM_SETTLE_H
#define DVM_SETTLE_H

#include "container.h"

/*
 * What is asked of a container right after its start finds it as it would elsewhere, where its
 * first process has done its first steps by then: by emulation that takes longer than the question.
 */

/* Its first process has just been started. */
void container_settles(struct container *container);
/* Whether that waits for something, or has had time enough to come to that. */
bool container_has_settled(struct container *container);

/* Keeps a request, which is handled anew before long. False: it can't be kept. */
bool settle_later(uint16_t type, uint32_t id, const uint8_t *bytes, size_t count);
void settle_open(void (*handle)(uint16_t type, uint32_t id, const uint8_t *bytes, size_t count));
/* The conversation is over: nobody waits for an answer. */
void settle_detach(void);

#endif
