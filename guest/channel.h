#ifndef DVM_CHANNEL_H
#define DVM_CHANNEL_H

#include "agent.h"
#include "frame.h"
#include "wire.h"

/* The way to the host: the virtio-serial port. */

/* Waits for the port to appear and opens it; gives up the machine when there is none. */
void channel_open(void);
/* Moves what can be moved; call after each event. */
void channel_pump(void);
/* Whether there is room for one more frame of stream data now. */
bool channel_has_room(void);
/* Queues a frame; `head` and `body` are joined to its payload. */
void channel_send(uint16_t type, uint32_t id, const void *head, size_t head_count, const void *body,
                  size_t body_count);
/* Answers request `id`; 0 (nobody waits any more) is ignored. Closes the writer. */
void channel_reply(uint32_t id, struct writer *result);
void channel_reply_failure(uint32_t id, const struct failure *failure);
/* Waits (bounded) until the host has taken all that was queued. */
void channel_drain(void);

/* requests.c: one whole request. */
void handle_request(uint16_t type, uint32_t id, const uint8_t *bytes, size_t count);

#endif
