#include "mux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "mux_link.h"
#include "mux_stream.h"
#include "wire.h"

#define PLACE_MASK (CONNECTION_PLACES - 1)
#define PLACE_BITS 12u
#define USE_MASK 0x7ffffu
#define ACCEPTED_AT_ONCE 64
#define WORKED_ON_AT_ONCE 256
/* For what the kernel tells nobody of: descriptors are free again, a queue of a Unix socket is. */
#define RETRY_MS 20

static const struct mux_side *side;
/* By place: streams that this side has opened, and that the other one has. */
static struct mux_stream *ours[CONNECTION_PLACES], *theirs[CONNECTION_PLACES];
static size_t our_count, their_count;
static uint32_t uses, next_place;
static struct mux_listener *listeners;
static bool must_retry;

static bool is_ours(uint32_t id) { return ((id & CONNECTION_BY_GUEST) != 0) == side->is_guest; }

static struct mux_stream **place_of(uint32_t id) {
    return is_ours(id) ? &ours[id & PLACE_MASK] : &theirs[id & PLACE_MASK];
}

/* NULL: it is none that there is. */
static struct mux_stream *find(uint32_t id) {
    struct mux_stream *stream = *place_of(id);
    return stream != NULL && stream->id == id ? stream : NULL;
}

static void forgotten(struct mux_stream *stream) {
    *place_of(stream->id) = NULL;
    if (is_ours(stream->id))
        our_count--;
    else
        their_count--;
}

static bool has_descriptors(void) { return mux_streams_count() < side->streams_max; }

/* Watches from here on: a socket that isn't connected yet tells of a hang-up before. */
static bool watch(struct mux_stream *stream) {
    return mux_watch(&stream->source, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) == 0;
}

static void take_open(const struct mux_frame *frame) {
    struct mux_target target = {.fd = -1};
    struct mux_stream **place = place_of(frame->stream);
    if (is_ours(frame->stream) || *place != NULL) {
        side->lost("a stream was opened that can't be");
        return;
    }
    struct mux_stream *stream = NULL;
    if (has_descriptors() && side->find(frame->payload, frame->count, &target) == 0)
        stream = mux_stream_make(target.fd, frame->stream, target.owner);
    if (stream == NULL) {
        mux_link_send(frame->stream, CONNECTION_REFUSED, NULL, 0);
        return;
    }
    stream->address = target.address;
    stream->address_length = target.address_length;
    *place = stream;
    their_count++;
    mux_stream_connect(stream);
    if (stream->source.is_gone)
        return;
    must_retry = must_retry || stream->must_retry;
    if (!watch(stream))
        mux_stream_reset(stream);
}

static void take(const struct mux_frame *frame) {
    if (frame->type == CONNECTION_OPEN) {
        take_open(frame);
        return;
    }
    struct mux_stream *stream = find(frame->stream);
    if (stream == NULL)
        return;
    switch (frame->type) {
    case CONNECTION_DATA:
        mux_stream_take_data(stream, frame->payload, frame->count);
        break;
    case CONNECTION_END:
        mux_stream_take_end(stream);
        break;
    case CONNECTION_WINDOW_MORE:
        mux_stream_take_credit(stream, get_u32(frame->payload));
        break;
    case CONNECTION_REFUSED:
        mux_stream_close(stream);
        break;
    default:
        /* a client's abort reaches its server at once; a client gets what its server has sent */
        mux_stream_break(stream, !is_ours(stream->id));
    }
}

/* The next number, in a place that is free; there is one. */
static uint32_t take_number(void) {
    while (ours[next_place & PLACE_MASK] != NULL)
        next_place++;
    uint32_t place = next_place++ & PLACE_MASK;
    uint32_t use = uses++ & USE_MASK;
    return (side->is_guest ? CONNECTION_BY_GUEST : 0) | use << PLACE_BITS | place;
}

static int open_stream(int fd, const void *owner, const uint8_t *wanted, size_t count) {
    uint32_t id = take_number();
    struct mux_stream *stream = mux_stream_make(fd, id, owner);
    if (stream == NULL)
        return -1;
    ours[id & PLACE_MASK] = stream;
    our_count++;
    mux_link_send(id, CONNECTION_OPEN, wanted, count);
    if (watch(stream))
        return 0;
    mux_stream_reset(stream);
    return -1;
}

static bool may_accept(void) {
    return our_count < CONNECTION_PLACES && has_descriptors() && mux_link_has_room();
}

static void accept_some(struct mux_listener *listener) {
    for (int count = 0; count < ACCEPTED_AT_ONCE && listener->is_ready && may_accept(); count++) {
        int fd = accept4(listener->source.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            open_stream(fd, listener->owner, listener->wanted, listener->wanted_count);
        } else if (errno == EAGAIN) {
            listener->is_ready = false;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            must_retry = true;
            return;
        }
    }
}

int mux_connect(int fd, const void *owner, const uint8_t *wanted, size_t count) {
    if (may_accept())
        return open_stream(fd, owner, wanted, count);
    close(fd);
    errno = EAGAIN;
    return -1;
}

static void listener_ready(struct mux_source *source, uint32_t events) {
    (void)events;
    ((struct mux_listener *)source)->is_ready = true;
}

int mux_listen(int fd, const void *owner, const uint8_t *wanted, size_t count) {
    struct mux_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL || count > sizeof listener->wanted) {
        free(listener);
        close(fd);
        errno = ENOMEM;
        return -1;
    }
    listener->source = (struct mux_source){.fd = fd, .ready = listener_ready};
    listener->owner = owner;
    listener->wanted_count = count;
    memcpy(listener->wanted, wanted, count);
    if (mux_watch(&listener->source, EPOLLIN | EPOLLET) < 0) {
        int number = errno;
        mux_drop(&listener->source);
        errno = number;
        return -1;
    }
    listener->next = listeners;
    listeners = listener;
    return 0;
}

void mux_end_owned(const void *owner) {
    struct mux_listener **at = &listeners;
    while (*at != NULL) {
        struct mux_listener *listener = *at;
        if (listener->owner != owner) {
            at = &listener->next;
            continue;
        }
        *at = listener->next;
        mux_drop(&listener->source);
    }
    mux_streams_end_owned(owner);
}

void mux_forget_all(void) {
    for (size_t place = 0; place < CONNECTION_PLACES; place++) {
        if (ours[place] != NULL)
            mux_stream_break(ours[place], true);
        if (theirs[place] != NULL)
            mux_stream_break(theirs[place], true);
    }
    mux_link_forget();
}

static void retry(void) {
    must_retry = false;
    for (size_t place = 0; their_count > 0 && place < CONNECTION_PLACES; place++) {
        if (theirs[place] != NULL && theirs[place]->must_retry)
            mux_stream_connect(theirs[place]);
        if (theirs[place] != NULL && theirs[place]->must_retry)
            must_retry = true;
    }
}

static bool accept_all(void) {
    bool is_any_left = false;
    for (struct mux_listener *listener = listeners; listener != NULL; listener = listener->next) {
        accept_some(listener);
        is_any_left = is_any_left || listener->is_ready;
    }
    return is_any_left && may_accept() && !must_retry;
}

void mux_turn(void) {
    if (must_retry)
        retry();
    bool is_busy = accept_all();
    for (int count = 0; count < WORKED_ON_AT_ONCE && mux_link_has_room(); count++) {
        if (!mux_stream_is_any_ready())
            break;
        mux_stream_work_on_next();
    }
    mux_link_flush();
    mux_link_receive();
    mux_link_flush();
    is_busy = is_busy || mux_link_has_more() || (mux_stream_is_any_ready() && mux_link_has_room());
    mux_loop_turn(is_busy ? 0 : must_retry ? RETRY_MS : -1);
}

int mux_open(int link, const struct mux_side *the_side) {
    static const struct mux_stream_events events = {.forgotten = forgotten};
    side = the_side;
    mux_streams_open(&events);
    if (mux_loop_open() < 0 || fcntl(link, F_SETFL, O_NONBLOCK) < 0)
        return -1;
    return mux_link_open(link, !side->is_guest, take, side->lost);
}
