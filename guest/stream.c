#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "channel.h"

#define TERMINAL_PAUSE_MS 10
#define TERMINAL_TRIES 4

/* Pages are taken when they are first touched, so an idle stream costs next to nothing. */
#define SPARE_RINGS 3
static struct {
    uint8_t bytes[DVM_WINDOW] __attribute__((aligned(4096)));
} spare[SPARE_RINGS]; /* for the main process, whose start shall be quick */
static bool spare_is_taken[SPARE_RINGS];

static int ring_open(struct ring *ring) {
    *ring = (struct ring){0};
    for (size_t index = 0; index < SPARE_RINGS; index++) {
        if (spare_is_taken[index])
            continue;
        spare_is_taken[index] = true;
        ring->bytes = spare[index].bytes;
        return 0;
    }
    void *bytes =
        mmap(NULL, DVM_WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED)
        return -1;
    ring->bytes = bytes;
    return 0;
}

static void ring_close(struct ring *ring) {
    uint8_t *bytes = ring->bytes;
    ring->bytes = NULL;
    if (bytes == NULL)
        return;
    for (size_t index = 0; index < SPARE_RINGS; index++) {
        if (bytes != spare[index].bytes)
            continue;
        spare_is_taken[index] = false;
        madvise(bytes, DVM_WINDOW, MADV_DONTNEED);
        return;
    }
    munmap(bytes, DVM_WINDOW);
}

/* The part of the ring from `offset` that lies in one piece, at most up to `end`. */
static uint8_t *ring_piece(const struct ring *ring, uint64_t offset, uint64_t end, size_t *count) {
    size_t at = offset % DVM_WINDOW;
    *count = end - offset;
    if (*count > DVM_WINDOW - at)
        *count = DVM_WINDOW - at;
    return ring->bytes + at;
}

static void output_watch(struct output *output) {
    if (output->source.fd < 0)
        return;
    bool room = output->ring.end - output->ring.start < DVM_WINDOW;
    loop_watch(&output->source, room ? EPOLLIN : 0);
}

/* True when there may be more at once. */
static bool output_read(struct output *output) {
    struct ring *ring = &output->ring;
    size_t room;
    uint8_t *at = ring_piece(ring, ring->end, ring->start + DVM_WINDOW, &room);
    ssize_t count = room == 0 ? -1 : read(output->source.fd, at, room);
    if (count > 0) {
        ring->end += (uint64_t)count;
        return at[count - 1] != '\n';
    }
    if (count == 0 || (errno != EAGAIN && errno != EINTR && room > 0)) {
        /* a terminal says EIO when the last program has closed it */
        loop_close(&output->source);
        output->ended = true;
    }
    return false;
}

/*
 * A terminal takes a line from its program, and its end by itself: both shall go out together, as
 * nobody expects them apart.
 */
static void output_ready(struct source *source, uint32_t events) {
    (void)events;
    struct output *output = (struct output *)source;
    bool more = output_read(output);
    for (int tries = 0; more && output->is_tty && tries < TERMINAL_TRIES; tries++) {
        struct pollfd terminal = {.fd = source->fd, .events = POLLIN};
        more = poll(&terminal, 1, tries == 0 ? TERMINAL_PAUSE_MS : 0) > 0 && output_read(output);
    }
    output_watch(output);
}

int output_open(struct output *output, int fd, bool is_tty) {
    *output = (struct output){
        .source = {.fd = fd, .ready = output_ready}, .limit = DVM_WINDOW, .is_tty = is_tty};
    output->ended = fd < 0;
    if (ring_open(&output->ring) < 0)
        return -1;
    output_watch(output);
    return 0;
}

void output_close(struct output *output) {
    loop_close(&output->source);
    ring_close(&output->ring);
}

void output_rewind(struct output *output) {
    output->sent = output->ring.start;
    output->limit = output->ring.start + DVM_WINDOW;
    output->end_sent = false;
}

bool output_pump(struct output *output, uint32_t id) {
    uint64_t end = output->ring.end < output->limit ? output->ring.end : output->limit;
    uint8_t offset[8];
    put_u64(offset, output->sent);
    if (output->sent < end) {
        size_t count;
        const uint8_t *bytes = ring_piece(&output->ring, output->sent, end, &count);
        if (count > DVM_DATA_MAX)
            count = DVM_DATA_MAX;
        channel_send(FRAME_DATA, id, offset, sizeof offset, bytes, count);
        output->sent += count;
        return true;
    }
    if (!output->ended || output->end_sent || output->sent < output->ring.end)
        return false;
    channel_send(FRAME_END, id, offset, sizeof offset, NULL, 0);
    output->end_sent = true;
    return true;
}

void output_take_ack(struct output *output, uint64_t consumed, uint32_t window) {
    if (consumed < output->ring.start || consumed > output->sent)
        return; /* of an earlier conversation */
    output->ring.start = consumed;
    if (consumed + window > output->limit)
        output->limit = consumed + window;
    output_watch(output);
}

static void input_watch(struct input *input) {
    if (input->source.fd < 0)
        return;
    loop_watch(&input->source, input->ring.end > input->ring.start ? EPOLLOUT : 0);
    /* a terminal stays open: its end is not its user's end */
    if (input->ended && !input->is_tty && input->ring.end == input->ring.start)
        loop_close(&input->source);
}

void input_drop(struct input *input) {
    loop_close(&input->source);
    input->deaf = true;
    input->ring.start = input->ring.end;
}

static void input_ready(struct source *source, uint32_t events) {
    (void)events;
    struct input *input = (struct input *)source;
    size_t count;
    const uint8_t *at = ring_piece(&input->ring, input->ring.start, input->ring.end, &count);
    ssize_t written = count == 0 ? 0 : write(source->fd, at, count);
    if (written > 0)
        input->ring.start += (uint64_t)written;
    else if (written < 0 && errno != EAGAIN && errno != EINTR)
        input_drop(input);
    input_watch(input);
}

int input_open(struct input *input, int fd, bool is_tty) {
    *input = (struct input){.source = {.fd = fd, .ready = input_ready}, .is_tty = is_tty};
    input->deaf = fd < 0;
    return ring_open(&input->ring);
}

void input_close(struct input *input) {
    loop_close(&input->source);
    ring_close(&input->ring);
}

void input_rewind(struct input *input) { input->acknowledged = UINT64_MAX; }

bool input_pump(struct input *input, uint32_t id) {
    uint64_t consumed = input->ring.start;
    uint64_t news = consumed - input->acknowledged;
    bool drained = consumed == input->ring.end;
    if (input->acknowledged != UINT64_MAX && (news == 0 || (news < DVM_WINDOW / 4 && !drained)))
        return false;
    uint8_t head[12];
    put_u64(head, consumed);
    put_u32(head + 8, DVM_WINDOW);
    channel_send(FRAME_ACK, id, head, sizeof head, NULL, 0);
    input->acknowledged = consumed;
    return true;
}

void input_take_data(struct input *input, uint64_t offset, const uint8_t *bytes, size_t count) {
    struct ring *ring = &input->ring;
    if (offset != ring->end || input->ended || count > DVM_WINDOW - (ring->end - ring->start)) {
        complain("the host sent %zu bytes at %llu of an input that stands at %llu: ignored", count,
                 (unsigned long long)offset, (unsigned long long)ring->end);
        return;
    }
    while (count > 0) {
        size_t part;
        uint8_t *at = ring_piece(ring, ring->end, ring->end + count, &part);
        memcpy(at, bytes, part);
        ring->end += part;
        bytes += part;
        count -= part;
    }
    if (input->deaf)
        ring->start = ring->end;
    input_watch(input);
}

void input_take_end(struct input *input) {
    input->ended = true;
    input_watch(input);
}
