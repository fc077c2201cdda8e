#include "mux_link.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "mux_loop.h"
#include "mux_queue.h"
#include "wire.h"

/*
 * No more data is added than ENOUGH. Frames without data come on top, a few for each stream, since
 * they must be sent lest both sides wait for each other. Who asks for so many answers that they
 * pass PAUSE, and takes none of them, is not listened to meanwhile.
 */
#define ENOUGH 131072u
#define PAUSE (ENOUGH + 524288u)
#define BOUND (PAUSE + 1048576u)

static struct mux_source source = {.fd = -1};
static struct mux_queue queue;
static struct mux_reader reader;
static void (*take_frame)(const struct mux_frame *frame);
static void (*is_lost)(const char *why);
static bool readable, writable;
/* The other side was there: until then an end of what comes is none. */
static bool has_met, has_ended;

static void ready(struct mux_source *one, uint32_t events) {
    (void)one;
    has_met = has_met || !(events & EPOLLHUP);
    if (events & ~(uint32_t)EPOLLOUT)
        readable = true;
    if (events & ~(uint32_t)EPOLLIN)
        writable = true;
}

int mux_link_open(int fd, bool is_there, void (*take)(const struct mux_frame *frame),
                  void (*lost)(const char *why)) {
    source = (struct mux_source){.fd = fd, .ready = ready};
    has_met = is_there;
    take_frame = take;
    is_lost = lost;
    readable = writable = true;
    /* edges only: while no host is connected the guest's port reports a hang-up all the time */
    return mux_watch(&source, EPOLLIN | EPOLLOUT | EPOLLET);
}

void mux_link_forget(void) {
    queue.head = queue.tail = 0;
    reader = (struct mux_reader){0};
    has_met = has_ended = false;
}

bool mux_link_has_room(void) { return mux_queue_used(&queue) < ENOUGH; }

uint8_t *mux_link_data(void) {
    uint8_t *at = mux_queue_reserve(&queue, CONNECTION_FRAME_MAX, BOUND);
    return at == NULL ? NULL : at + CONNECTION_HEADER_SIZE;
}

static void put_header(uint8_t *at, uint32_t stream, enum connection_frame type, size_t count) {
    put_u32(at, stream);
    put_u16(at + 4, (uint16_t)count);
    at[6] = (uint8_t)type;
    at[7] = 0;
}

void mux_link_send_data(uint32_t stream, size_t count) {
    put_header(queue.bytes + queue.tail, stream, CONNECTION_DATA, count);
    mux_queue_commit(&queue, CONNECTION_HEADER_SIZE + count);
}

void mux_link_send(uint32_t stream, enum connection_frame type, const void *payload, size_t count) {
    uint8_t *at = mux_queue_reserve(&queue, CONNECTION_HEADER_SIZE + count, BOUND);
    if (at == NULL) {
        is_lost("there is no memory for what is to be sent");
        return;
    }
    put_header(at, stream, type, count);
    if (count > 0)
        memcpy(at + CONNECTION_HEADER_SIZE, payload, count);
    mux_queue_commit(&queue, CONNECTION_HEADER_SIZE + count);
}

void mux_link_flush(void) {
    if (!writable || mux_queue_used(&queue) == 0)
        return;
    int result = mux_queue_flush(&queue, source.fd, CONNECTION_FRAME_MAX);
    if (result < 0)
        is_lost("it can't be written to any more");
    writable = result != 0;
}

bool mux_link_has_more(void) { return readable && mux_queue_used(&queue) < PAUSE; }

/* The guest's kernel gives a page at a time: as many as there are make larger pieces for others. */
static size_t read_all(uint8_t *bytes, size_t room) {
    size_t used = 0;
    while (readable && used < room) {
        ssize_t count = read(source.fd, bytes + used, room - used);
        if (count < 0 && errno == EINTR)
            continue;
        readable = count > 0;
        if (count > 0)
            used += (size_t)count;
        else if (count == 0 ? has_met : errno != EAGAIN)
            has_ended = true;
    }
    return used;
}

void mux_link_receive(void) {
    static uint8_t bytes[65536];
    if (!mux_link_has_more())
        return;
    size_t count = read_all(bytes, sizeof bytes);
    if (mux_reader_take(&reader, bytes, count, take_frame) < 0)
        is_lost("what comes breaks the protocol");
    if (has_ended)
        is_lost("it has ended");
}
