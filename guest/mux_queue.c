#include "mux_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_ROOM 4096u

static void close_gap(struct mux_queue *queue) {
    memmove(queue->bytes, queue->bytes + queue->head, mux_queue_used(queue));
    queue->tail -= queue->head;
    queue->head = 0;
}

static int grow(struct mux_queue *queue, size_t wanted, size_t bound) {
    size_t room = queue->room == 0 ? FIRST_ROOM : queue->room;
    while (room < wanted)
        room *= 2;
    if (room > bound)
        room = bound;
    uint8_t *bytes = realloc(queue->bytes, room);
    if (bytes == NULL)
        return -1;
    queue->bytes = bytes;
    queue->room = room;
    return 0;
}

uint8_t *mux_queue_reserve(struct mux_queue *queue, size_t count, size_t bound) {
    if (count > bound || mux_queue_used(queue) > bound - count)
        return NULL;
    if (count > queue->room - queue->tail && queue->head > 0)
        close_gap(queue);
    if (count > queue->room - queue->tail && grow(queue, queue->tail + count, bound) < 0)
        return NULL;
    return queue->bytes + queue->tail;
}

void mux_queue_commit(struct mux_queue *queue, size_t count) { queue->tail += count; }

int mux_queue_flush(struct mux_queue *queue, int fd, size_t piece) {
    while (mux_queue_used(queue) > 0) {
        size_t count = mux_queue_used(queue) < piece ? mux_queue_used(queue) : piece;
        ssize_t written = write(fd, queue->bytes + queue->head, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno == EAGAIN ? 0 : -1;
        queue->head += (size_t)written;
    }
    queue->head = queue->tail = 0;
    return 1;
}

void mux_queue_free(struct mux_queue *queue) {
    free(queue->bytes);
    *queue = (struct mux_queue){0};
}
