#include "channel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/utsname.h>

#include "port.h"

#define QUEUE_ENOUGH 65536u /* no more stream data is added beyond */
#define QUEUE_BOUND (QUEUE_ENOUGH + DVM_MESSAGE_MAX + 1048576u)

static const struct channel_events *owner;
static struct source port = {.fd = -1};
static struct frame_parser parser;
static uint8_t queue_first[4096], request_first[4096];
static struct writer queue = {
    .bound = QUEUE_BOUND, .first = queue_first, .first_room = sizeof queue_first};
static size_t queue_sent;
static struct writer request = {
    .bound = DVM_MESSAGE_MAX, .first = request_first, .first_room = sizeof request_first};
static uint8_t nonce[SYNC_SIZE - SYNC_MAGIC_SIZE];
static bool in_step;
/*
 * The kernel has told that a host is there. Its first bytes may come sooner than that: until then
 * an end of file is no hang-up.
 */
static bool host_is_known;
static bool host_speaks_our_protocol;

bool channel_has_room(void) { return queue.used - queue_sent < QUEUE_ENOUGH; }

void channel_send(uint16_t type, uint32_t id, const void *head, size_t head_count, const void *body,
                  size_t body_count) {
    uint8_t header[FRAME_HEADER_SIZE];
    frame_header_write(header, (uint32_t)(head_count + body_count), type, id);
    write_raw(&queue, header, sizeof header);
    write_raw(&queue, head, head_count);
    write_raw(&queue, body, body_count);
    write_u32(&queue, FRAME_TRAILER);
    if (queue.full)
        give_up("more is queued for the host than the channel's bound");
}

void channel_reply(uint32_t id, struct writer *result) {
    struct failure failure;
    if (result->full) {
        fail(&failure, STATUS_INTERNAL, "cannot answer: the answer is too long");
        channel_reply_failure(id, &failure);
    } else if (id != 0) {
        const uint8_t *at = result->bytes;
        size_t left = result->used;
        for (; left + 2 > FRAME_PAYLOAD_MAX; left -= FRAME_PAYLOAD_MAX, at += FRAME_PAYLOAD_MAX)
            channel_send(FRAME_REPLY_PART, id, at, FRAME_PAYLOAD_MAX, NULL, 0);
        /* the status stands before the last part: earlier parts are its front */
        uint8_t status[2] = {0, 0};
        channel_send(FRAME_REPLY, id, status, sizeof status, at, left);
    }
    writer_close(result);
}

void channel_reply_failure(uint32_t id, const struct failure *failure) {
    if (id == 0)
        return;
    uint8_t head[6];
    size_t count = strnlen(failure->text, sizeof failure->text);
    put_u16(head, failure->status == STATUS_OK ? STATUS_INTERNAL : failure->status);
    put_u32(head + 2, (uint32_t)count);
    channel_send(FRAME_REPLY, id, head, sizeof head, failure->text, count);
}

/* The port went or a new host came: nothing half-done may reach the next conversation. */
static void forget_conversation(void) {
    writer_close(&queue);
    queue_sent = 0;
    writer_close(&request);
    request.full = false;
    in_step = false;
    host_speaks_our_protocol = false;
    owner->detach();
}

static void take_sync(const struct frame *frame) {
    static const uint8_t magic[SYNC_MAGIC_SIZE] = SYNC_MAGIC;
    if (frame->length != SYNC_SIZE || memcmp(frame->payload, magic, sizeof magic) != 0) {
        frame_parser_reset(&parser);
        return;
    }
    const uint8_t *theirs = frame->payload + SYNC_MAGIC_SIZE;
    if (in_step && memcmp(nonce, theirs, sizeof nonce) == 0)
        return; /* an impatient host said it twice */
    forget_conversation();
    memcpy(nonce, theirs, sizeof nonce);
    in_step = true;
    channel_send(FRAME_SYNC, 0, magic, sizeof magic, nonce, sizeof nonce);
}

static void take_hello(const struct frame *frame) {
    host_speaks_our_protocol = frame->length >= 4 && get_u32(frame->payload) == DVM_PROTOCOL;
    if (!host_speaks_our_protocol)
        complain("the host speaks protocol %u, this agent %u",
                 frame->length >= 4 ? get_u32(frame->payload) : 0, DVM_PROTOCOL);
    struct utsname names = {0};
    uname(&names);
    uint8_t first[256];
    struct writer hello = {.bound = 1024, .first = first, .first_room = sizeof first};
    write_u32(&hello, DVM_PROTOCOL);
    write_u64(&hello, uptime_ns());
    write_string(&hello, names.release);
    channel_send(FRAME_HELLO, 0, hello.bytes, hello.used, NULL, 0);
    writer_close(&hello);
}

static void take_request(const struct frame *frame) {
    write_raw(&request, frame->payload, frame->length);
    if (frame->type == FRAME_REQUEST_PART)
        return;
    struct failure failure;
    if (request.full) {
        fail(&failure, STATUS_INVALID, "cannot take the request: it is longer than %u bytes",
             DVM_MESSAGE_MAX);
        channel_reply_failure(frame->id, &failure);
    } else {
        owner->request(frame->type, frame->id, request.bytes, request.used);
    }
    writer_close(&request);
    request.full = false;
}

static void take_frame(const struct frame *frame) {
    switch (frame->type) {
    case FRAME_SYNC:
        take_sync(frame);
        return;
    case FRAME_HELLO:
        if (in_step)
            take_hello(frame);
        return;
    }
    if (!host_speaks_our_protocol)
        return;
    if (frame->type == FRAME_REQUEST_PART || frame->type >= REQUEST_SET_UP)
        take_request(frame);
    else if (frame->type == FRAME_DATA || frame->type == FRAME_ACK || frame->type == FRAME_END)
        owner->stream(frame);
}

/* Moves queued bytes to the port; true when some went. */
static bool flush(void) {
    bool moved = false;
    while (queue_sent < queue.used) {
        ssize_t count = write(port.fd, queue.bytes + queue_sent, queue.used - queue_sent);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        queue_sent += (size_t)count;
        host_is_known = true;
        moved = true;
    }
    if (queue_sent < queue.used) {
        if (queue_sent >= QUEUE_ENOUGH) {
            memmove(queue.bytes, queue.bytes + queue_sent, queue.used - queue_sent);
            queue.used -= queue_sent;
            queue_sent = 0;
        }
        return moved;
    }
    queue.used = queue_sent = 0;
    if (queue.room > 4 * QUEUE_ENOUGH)
        writer_close(&queue);
    return moved;
}

/* Takes what the host sent, as long as the answers don't pile up. */
static bool receive(void) {
    static uint8_t bytes[32768];
    if (!channel_has_room())
        return false;
    ssize_t count = read(port.fd, bytes, sizeof bytes);
    if (count == 0) {
        if (!host_is_known)
            return false;
        host_is_known = false;
        frame_parser_reset(&parser);
        if (in_step)
            forget_conversation();
        return false;
    }
    if (count < 0) {
        host_is_known |= errno == EAGAIN;
        return errno == EINTR;
    }
    const uint8_t *at = bytes;
    size_t left = (size_t)count;
    struct frame frame;
    while (frame_parser_next(&parser, &at, &left, &frame))
        take_frame(&frame);
    return true;
}

void channel_pump(void) {
    bool moved = true;
    while (moved) {
        moved = receive();
        owner->pump();
        moved |= flush();
    }
}

void channel_drain(void) {
    uint64_t deadline = uptime_ms() + 2000;
    while (queue_sent < queue.used && uptime_ms() < deadline) {
        if (!flush())
            usleep(1000);
    }
}

/* channel_pump runs after every event: the port's own event needs nothing more. */
static void port_ready(struct source *source, uint32_t events) {
    (void)source;
    (void)events;
}

void channel_open(const struct channel_events *events) {
    owner = events;
    frame_parser_reset(&parser);
    port.fd = port_open(DVM_PORT_NAME);
    if (port.fd < 0)
        give_up("cannot reach the host by virtio port " DVM_PORT_NAME ": %s", strerror(errno));
    port.ready = port_ready;
    /* edges only: while no host is connected the port reports a hang-up all the time */
    loop_watch(&port, EPOLLIN | EPOLLOUT | EPOLLET);
}
