#include "mux_stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mux_link.h"
#include "wire.h"

#ifndef SIOCOUTQ
#define SIOCOUTQ 0x5411
#endif
#define WRITE_MAX 262144u

static const struct mux_stream_events *owner_events;
/* Those that something can be done for, in turn. */
static struct mux_stream *first, *last;
/* All that there are. */
static struct mux_stream *newest;
static size_t count_of_all;

void mux_streams_open(const struct mux_stream_events *events) { owner_events = events; }

static void enqueue(struct mux_stream *stream) {
    if (stream->is_queued || stream->source.is_gone)
        return;
    stream->is_queued = true;
    stream->previous = last;
    stream->next = NULL;
    if (last == NULL)
        first = stream;
    else
        last->next = stream;
    last = stream;
}

static void dequeue(struct mux_stream *stream) {
    if (!stream->is_queued)
        return;
    stream->is_queued = false;
    if (stream->previous == NULL)
        first = stream->next;
    else
        stream->previous->next = stream->next;
    if (stream->next == NULL)
        last = stream->previous;
    else
        stream->next->previous = stream->previous;
}

static void forget(struct mux_stream *stream) {
    if (!stream->is_known)
        return;
    stream->is_known = false;
    owner_events->forgotten(stream);
}

static void add_to_all(struct mux_stream *stream) {
    stream->older = newest;
    if (newest != NULL)
        newest->newer = stream;
    newest = stream;
    count_of_all++;
}

static void take_from_all(struct mux_stream *stream) {
    if (stream->newer == NULL)
        newest = stream->older;
    else
        stream->newer->older = stream->older;
    if (stream->older != NULL)
        stream->older->newer = stream->newer;
    count_of_all--;
}

size_t mux_streams_count(void) { return count_of_all; }

void mux_stream_close(struct mux_stream *stream) {
    if (stream->source.is_gone)
        return;
    take_from_all(stream);
    forget(stream);
    dequeue(stream);
    mux_queue_free(&stream->backlog);
    mux_drop(&stream->source);
}

/* The peer sees that the connection broke, unless it still has to get what it was sent. */
static void abort_socket(struct mux_stream *stream) {
    const struct linger at_once = {.l_onoff = 1};
    int unsent = 0;
    if (ioctl(stream->source.fd, SIOCOUTQ, &unsent) == 0 && unsent == 0)
        setsockopt(stream->source.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    mux_stream_close(stream);
}

static void end_with(struct mux_stream *stream, enum connection_frame type) {
    if (stream->is_known)
        mux_link_send(stream->id, type, NULL, 0);
    abort_socket(stream);
}

void mux_stream_reset(struct mux_stream *stream) { end_with(stream, CONNECTION_RESET); }

void mux_streams_end_owned(const void *owner) {
    struct mux_stream *older;
    for (struct mux_stream *stream = newest; stream != NULL; stream = older) {
        older = stream->older;
        if (stream->owner == owner)
            mux_stream_reset(stream);
    }
}

static void finish_if_over(struct mux_stream *stream) {
    if (!stream->end_sent || !stream->end_received)
        return;
    forget(stream);
    if (mux_queue_used(&stream->backlog) == 0)
        mux_stream_close(stream);
}

/* Lets the other side send as much again as was written, in large pieces. */
static void give_room(struct mux_stream *stream, size_t count) {
    uint8_t more[4];
    stream->taken += (uint32_t)count;
    if (stream->taken < CONNECTION_WINDOW / 2 || !stream->is_known || stream->end_received)
        return;
    put_u32(more, stream->taken);
    mux_link_send(stream->id, CONNECTION_WINDOW_MORE, more, sizeof more);
    stream->room += stream->taken;
    stream->taken = 0;
}

/* What its peer has sent before may still be there to be read. */
static void fail_to_write(struct mux_stream *stream) {
    mux_queue_free(&stream->backlog);
    stream->is_deaf = true;
    if (!stream->is_known || stream->end_sent) {
        mux_stream_reset(stream);
        return;
    }
    stream->readable = true;
    enqueue(stream);
}

static void after_backlog(struct mux_stream *stream) {
    if (stream->is_breaking) {
        abort_socket(stream);
        return;
    }
    if (stream->end_received && !stream->is_deaf)
        shutdown(stream->source.fd, SHUT_WR);
    finish_if_over(stream);
}

static void write_backlog(struct mux_stream *stream) {
    size_t before = mux_queue_used(&stream->backlog);
    int result = mux_queue_flush(&stream->backlog, stream->source.fd, WRITE_MAX);
    size_t written = before - mux_queue_used(&stream->backlog);
    if (result < 0) {
        fail_to_write(stream);
        return;
    }
    if (result == 0)
        stream->writable = false;
    give_room(stream, written);
    if (result == 1) {
        mux_queue_free(&stream->backlog);
        after_backlog(stream);
    }
}

static bool can_write(const struct mux_stream *stream) {
    return stream->writable && !stream->is_connecting && !stream->must_retry;
}

/* Gives how many bytes the socket took, which may be none; -1: it has failed. */
static ssize_t write_at_once(struct mux_stream *stream, const uint8_t *bytes, size_t count) {
    if (!can_write(stream) || mux_queue_used(&stream->backlog) > 0)
        return 0;
    ssize_t written = write(stream->source.fd, bytes, count);
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) {
        stream->writable = errno == EINTR;
        return 0;
    }
    if (written < 0)
        fail_to_write(stream);
    else
        give_room(stream, (size_t)written);
    return written;
}

void mux_stream_take_data(struct mux_stream *stream, const uint8_t *bytes, size_t count) {
    if (stream->end_received || count > stream->room) {
        mux_stream_reset(stream);
        return;
    }
    stream->room -= (uint32_t)count;
    if (stream->is_deaf)
        return;
    ssize_t written = write_at_once(stream, bytes, count);
    if (written < 0 || (size_t)written == count)
        return;
    size_t left = count - (size_t)written;
    uint8_t *at = mux_queue_reserve(&stream->backlog, left, CONNECTION_WINDOW);
    if (at == NULL) {
        mux_stream_reset(stream);
        return;
    }
    memcpy(at, bytes + written, left);
    mux_queue_commit(&stream->backlog, left);
    if (can_write(stream))
        enqueue(stream);
}

void mux_stream_take_end(struct mux_stream *stream) {
    if (stream->end_received) {
        mux_stream_reset(stream);
        return;
    }
    stream->end_received = true;
    if (stream->is_connecting || stream->must_retry)
        return;
    if (mux_queue_used(&stream->backlog) == 0)
        after_backlog(stream);
    else
        finish_if_over(stream);
}

void mux_stream_take_credit(struct mux_stream *stream, uint32_t count) {
    if (count > CONNECTION_WINDOW - stream->credit) {
        mux_stream_reset(stream);
        return;
    }
    stream->credit += count;
    if (stream->readable)
        enqueue(stream);
}

void mux_stream_break(struct mux_stream *stream, bool at_once) {
    forget(stream);
    stream->end_sent = true;
    bool has_peer = !stream->is_connecting && !stream->must_retry;
    if (at_once || !has_peer || mux_queue_used(&stream->backlog) == 0)
        abort_socket(stream);
    else
        stream->is_breaking = true;
}

/* A side that reads no more than it is sent would not hear of its peer's end otherwise. */
static void take_error(struct mux_stream *stream) {
    if (stream->credit == 0 || stream->end_sent)
        mux_stream_reset(stream);
}

static void end_reading(struct mux_stream *stream) {
    if (stream->is_deaf) {
        mux_stream_reset(stream);
        return;
    }
    stream->end_sent = true;
    mux_link_send(stream->id, CONNECTION_END, NULL, 0);
    finish_if_over(stream);
}

static void read_some(struct mux_stream *stream) {
    uint8_t *at = mux_link_data();
    size_t wanted = stream->credit < CONNECTION_DATA_MAX ? stream->credit : CONNECTION_DATA_MAX;
    ssize_t count = at == NULL ? 0 : read(stream->source.fd, at, wanted);
    if (count > 0) {
        mux_link_send_data(stream->id, (size_t)count);
        stream->credit -= (uint32_t)count;
    } else if (count == 0) {
        end_reading(stream);
    } else if (errno == EAGAIN && !stream->is_deaf) {
        stream->readable = false;
    } else if (errno != EINTR) {
        mux_stream_reset(stream);
    }
}

static bool may_read(const struct mux_stream *stream) {
    return stream->readable && stream->is_known && !stream->end_sent && stream->credit > 0 &&
           !stream->is_connecting && !stream->must_retry;
}

static bool may_write(const struct mux_stream *stream) {
    return can_write(stream) && mux_queue_used(&stream->backlog) > 0;
}

bool mux_stream_is_any_ready(void) { return first != NULL; }

void mux_stream_work_on_next(void) {
    struct mux_stream *stream = first;
    dequeue(stream);
    if (may_write(stream))
        write_backlog(stream);
    if (!stream->source.is_gone && may_read(stream))
        read_some(stream);
    if (!stream->source.is_gone && (may_read(stream) || may_write(stream)))
        enqueue(stream);
}

static void become_connected(struct mux_stream *stream) {
    stream->is_connecting = stream->must_retry = false;
    stream->readable = stream->writable = true;
    if (mux_queue_used(&stream->backlog) == 0)
        after_backlog(stream);
    enqueue(stream);
}

/* Who listens on a Unix socket and has too many waiting is no reason to give up. */
void mux_stream_connect(struct mux_stream *stream) {
    stream->must_retry = false;
    int result = connect(stream->source.fd, (const struct sockaddr *)&stream->address,
                         stream->address_length);
    if (result == 0)
        become_connected(stream);
    else if (errno == EINPROGRESS)
        stream->is_connecting = true;
    else if (errno == EAGAIN && stream->address.ss_family == AF_UNIX)
        stream->must_retry = true;
    else
        end_with(stream, CONNECTION_REFUSED);
}

static void take_connection(struct mux_stream *stream) {
    int number = 0;
    socklen_t size = sizeof number;
    if (getsockopt(stream->source.fd, SOL_SOCKET, SO_ERROR, &number, &size) < 0 || number != 0)
        end_with(stream, CONNECTION_REFUSED);
    else
        become_connected(stream);
}

static void ready(struct mux_source *source, uint32_t events) {
    struct mux_stream *stream = (struct mux_stream *)source;
    if (stream->must_retry)
        return;
    if (stream->is_connecting) {
        if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
            take_connection(stream);
        return;
    }
    if (events & ~(uint32_t)EPOLLIN)
        stream->writable = true;
    if (events & ~(uint32_t)EPOLLOUT)
        stream->readable = true;
    enqueue(stream);
    if (events & EPOLLERR)
        take_error(stream);
}

struct mux_stream *mux_stream_make(int fd, uint32_t id, const void *owner) {
    const int on = 1;
    struct mux_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        close(fd);
        return NULL;
    }
    stream->source = (struct mux_source){.fd = fd, .ready = ready};
    stream->id = id;
    stream->owner = owner;
    stream->is_known = true;
    stream->credit = stream->room = CONNECTION_WINDOW;
    add_to_all(stream);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* no such option: a Unix socket */
    return stream;
}
