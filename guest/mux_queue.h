#ifndef DVM_MUX_QUEUE_H
#define DVM_MUX_QUEUE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes in one piece that are written as far as a descriptor takes them. */
struct mux_queue {
    uint8_t *bytes;
    size_t head; /* what is before it has been written */
    size_t tail;
    size_t room;
};

static inline size_t mux_queue_used(const struct mux_queue *queue) {
    return queue->tail - queue->head;
}

/* Room for `count` bytes at the end, at most `bound` in all; NULL: there is none. */
uint8_t *mux_queue_reserve(struct mux_queue *queue, size_t count, size_t bound);
/* So many of what was reserved are filled in. */
void mux_queue_commit(struct mux_queue *queue, size_t count);
/*
 * Writes what it can, at most `piece` bytes at a time. 1: all is written; 0: not now; -1 with
 * errno.
 */
int mux_queue_flush(struct mux_queue *queue, int fd, size_t piece);
void mux_queue_free(struct mux_queue *queue);

#endif
