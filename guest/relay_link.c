#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay_parts.h"

#define FRAME_MAX (RELAY_HEADER_SIZE + 255u * 16u + MESSAGE_MAX)
#define OUT_MAX (1u << 20)
#define READS_AT_ONCE 16

struct relay_link {
    struct mux_source source; /* first: it is freed by it */
    struct relay *relay;
    struct mux_queue in, out;
};

void link_close(struct relay *relay) {
    struct relay_link *link = relay->link;
    if (link == NULL)
        return;
    relay->link = NULL;
    mux_queue_free(&link->in);
    mux_queue_free(&link->out);
    mux_drop(&link->source);
    /* what the host didn't answer it is told again */
    for (size_t at = 0; at < QUESTIONS_MAX; at++)
        relay->questions[at].is_sent = false;
}

static void take_servers(struct question *question, const uint8_t *servers, unsigned count) {
    question->server_count = count < SERVERS_MAX ? count : SERVERS_MAX;
    memcpy(question->servers, servers, question->server_count * sizeof *question->servers);
    question->next_server = 0;
    ask_next(question);
}

/* A frame that is whole. */
static void take(struct relay *relay, const uint8_t *frame, size_t length) {
    uint32_t tag;
    memcpy(&tag, frame + 4, sizeof tag);
    tag = ntohl(tag);
    struct question *question = &relay->questions[tag % QUESTIONS_MAX];
    const uint8_t *rest = frame + RELAY_HEADER_SIZE;
    if (!question->is_used || !question->is_sent || question->tag != tag)
        return;
    question->is_sent = false;
    if (frame[2] == RELAY_ASK)
        take_servers(question, rest, frame[3]);
    else if (length < MESSAGE_MIN)
        question_fail(question, SERVER_FAILURE);
    else
        question_answer(question, rest + 16u * frame[3], length);
}

/* False: it breaks the rules. */
static bool take_all(struct relay *relay) {
    struct relay_link *link = relay->link;
    while (mux_queue_used(&link->in) >= RELAY_HEADER_SIZE) {
        const uint8_t *frame = link->in.bytes + link->in.head;
        size_t length = (size_t)frame[0] << 8 | frame[1];
        size_t whole = RELAY_HEADER_SIZE + 16u * frame[3] + length;
        if (frame[2] != RELAY_ANSWER && frame[2] != RELAY_ASK)
            return false;
        if (mux_queue_used(&link->in) < whole)
            return true;
        take(relay, frame, length);
        if (relay->link != link) /* answering has found it broken */
            return true;
        link->in.head += whole;
    }
    return true;
}

/* False: it has ended. */
static bool receive(struct relay_link *link) {
    for (int times = 0; times < READS_AT_ONCE; times++) {
        uint8_t *room = mux_queue_reserve(&link->in, 4096, FRAME_MAX + 4096);
        ssize_t count = room == NULL ? 0 : read(link->source.fd, room, 4096);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno == EAGAIN;
        if (count == 0)
            return false;
        mux_queue_commit(&link->in, (size_t)count);
        if (!take_all(link->relay))
            return false;
        if (link->source.is_gone)
            return true;
    }
    return true;
}

static void ready(struct mux_source *source, uint32_t events) {
    struct relay_link *link = (struct relay_link *)source;
    struct relay *relay = link->relay;
    if ((events & EPOLLOUT) && mux_queue_flush(&link->out, source->fd, OUT_MAX) < 0)
        link_close(relay);
    else if ((events & ~(uint32_t)EPOLLOUT) && !receive(link) && relay->link == link)
        link_close(relay);
}

static void open_link(struct relay *relay) {
    int pair[2];
    struct relay_link *link = calloc(1, sizeof *link);
    if (link == NULL ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0) {
        free(link);
        return;
    }
    link->source = (struct mux_source){.fd = pair[1], .ready = ready};
    link->relay = relay;
    if (mux_connect(pair[0], relay->setup.owner, relay->setup.wanted, relay->setup.wanted_count) <
            0 ||
        mux_watch(&link->source, EPOLLIN | EPOLLOUT | EPOLLRDHUP) < 0) {
        mux_drop(&link->source);
        return;
    }
    relay->link = link;
}

void link_bring(struct question *question) {
    struct relay *relay = question->relay;
    if (relay->link == NULL)
        open_link(relay);
    struct relay_link *link = relay->link;
    size_t count = RELAY_HEADER_SIZE + question->count;
    uint8_t *at = link == NULL ? NULL : mux_queue_reserve(&link->out, count, OUT_MAX);
    if (at == NULL)
        return; /* tried again by and by */
    uint32_t tag = htonl(question->tag);
    at[0] = (uint8_t)(question->count >> 8);
    at[1] = (uint8_t)question->count;
    at[2] = question->client == NULL ? RELAY_BY_UDP : RELAY_BY_TCP;
    at[3] = 0;
    memcpy(at + 4, &tag, sizeof tag);
    memcpy(at + RELAY_HEADER_SIZE, question->bytes, question->count);
    mux_queue_commit(&link->out, count);
    question->is_sent = true;
    if (mux_queue_flush(&link->out, link->source.fd, OUT_MAX) < 0)
        link_close(relay);
}
