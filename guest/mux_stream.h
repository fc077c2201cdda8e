#ifndef DVM_MUX_STREAM_H
#define DVM_MUX_STREAM_H

#include <sys/socket.h>

#include "mux_loop.h"
#include "mux_queue.h"

/* One connection of this side: a socket, and the state of the stream that it is joined with. */
struct mux_stream {
    struct mux_source source; /* first: it is freed by it */
    uint32_t id;
    const void *owner;
    bool is_known;      /* frames may come and go; else what is left is written, and that's all */
    bool is_connecting; /* the kernel will say when */
    bool must_retry;    /* the kernel won't: who listens has too many already */
    bool readable;      /* as far as is known */
    bool writable;
    bool end_sent;
    bool end_received;
    bool is_deaf;             /* what comes for it is thrown away: it can't be written any more */
    bool is_breaking;         /* what is left is written, then it is aborted */
    uint32_t credit;          /* bytes that may be sent to the other side */
    uint32_t room;            /* bytes that may come from there */
    uint32_t taken;           /* bytes that were written, which the other side doesn't know yet */
    struct mux_queue backlog; /* what came, and the socket doesn't take yet */
    struct sockaddr_storage address;
    socklen_t address_length;
    bool is_queued; /* something may be done for it now */
    struct mux_stream *previous, *next;
    struct mux_stream *older, *newer; /* among all */
};

/* What a stream tells the one who keeps the table. */
struct mux_stream_events {
    /* No frame may come or go any more. */
    void (*forgotten)(struct mux_stream *stream);
};
void mux_streams_open(const struct mux_stream_events *events);

/* Joins a socket, which it takes over, with a stream. NULL: there is no memory. */
struct mux_stream *mux_stream_make(int fd, uint32_t id, const void *owner);
/* Connects it to its address, at once or when it can be. */
void mux_stream_connect(struct mux_stream *stream);
/* What the other side says. */
void mux_stream_take_data(struct mux_stream *stream, const uint8_t *bytes, size_t count);
void mux_stream_take_end(struct mux_stream *stream);
void mux_stream_take_credit(struct mux_stream *stream, uint32_t count);
/* RESET came; `at_once`: nothing more is written. */
void mux_stream_break(struct mux_stream *stream, bool at_once);
/* Closes it, without a word to the other side. */
void mux_stream_close(struct mux_stream *stream);
/* Ends it, and tells the other side. */
void mux_stream_reset(struct mux_stream *stream);

/* How many there are, also of those that only have something left to write. */
size_t mux_streams_count(void);
/* Breaks all of this owner. */
void mux_streams_end_owned(const void *owner);

/* Does what can be done for the next stream of those that something can be done for. */
bool mux_stream_is_any_ready(void);
void mux_stream_work_on_next(void);

#endif
