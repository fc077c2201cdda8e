#ifndef DVM_CHANNEL_H
#define DVM_CHANNEL_H

#include "agent.h"
#include "frame.h"
#include "wire.h"

/* The way to the host: the virtio-serial port. */

/* What is done with what comes. */
struct channel_events {
    /* One whole request. */
    void (*request)(uint16_t type, uint32_t id, const uint8_t *bytes, size_t count);
    /* DATA, ACK or END. */
    void (*stream)(const struct frame *frame);
    /* Send what waits, as long as there is room. */
    void (*pump)(void);
    /* The host has gone, or another one came: who waits for an answer gets none. */
    void (*detach)(void);
};

/* Waits for the port to appear and opens it; gives up the machine when there is none. */
void channel_open(const struct channel_events *events);
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

#endif
