#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay_parts.h"

#define ANSWER_MS 4000u
#define DNS_PORT 53
#define DATAGRAMS_AT_ONCE 8

struct relay_ask {
    struct mux_source source; /* first: it is freed by it */
    struct question *question;
    bool is_long;  /* by TCP */
    uint8_t id[2]; /* of this query: it isn't to be guessed */
    uint64_t deadline_ms;
    struct mux_queue in, out;
};

void ask_drop(struct question *question) {
    struct relay_ask *ask = question->ask;
    question->ask = NULL;
    if (ask == NULL)
        return;
    mux_queue_free(&ask->in);
    mux_queue_free(&ask->out);
    mux_drop(&ask->source);
}

/* Those that can't answer are told apart from those that say that there is nothing. */
static bool is_useful(const struct relay_ask *ask, const uint8_t *bytes, size_t count) {
    return count >= MESSAGE_MIN && memcmp(bytes, ask->id, sizeof ask->id) == 0 &&
           (bytes[2] & 0x80) != 0;
}

static void take(struct relay_ask *ask, uint8_t *bytes, size_t count) {
    struct question *question = ask->question;
    unsigned code = bytes[3] & 0x0fu;
    if (code == SERVER_FAILURE || code == REFUSED) {
        ask_next(question);
        return;
    }
    memcpy(bytes, question->bytes, 2);
    question_answer(question, bytes, count);
}

static void datagram_ready(struct mux_source *source, uint32_t events) {
    static uint8_t bytes[MESSAGE_MAX];
    (void)events;
    struct relay_ask *ask = (struct relay_ask *)source;
    for (int times = 0; times < DATAGRAMS_AT_ONCE; times++) {
        ssize_t count = recv(source->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN)
            return;
        if (count < 0) {
            ask_next(ask->question);
            return;
        }
        if (is_useful(ask, bytes, (size_t)count)) {
            take(ask, bytes, (size_t)count);
            return;
        }
    }
}

/* What came so far is an answer, or may become one; else the next server is asked. */
static void take_stream(struct relay_ask *ask, bool has_ended) {
    size_t used = mux_queue_used(&ask->in);
    uint8_t *at = ask->in.bytes + ask->in.head;
    size_t count = used < 2 ? MESSAGE_MAX : (size_t)at[0] << 8 | at[1];
    if (used >= 2 + count && is_useful(ask, at + 2, count))
        take(ask, at + 2, count);
    else if (used >= 2 + count || has_ended)
        ask_next(ask->question);
}

static void stream_ready(struct mux_source *source, uint32_t events) {
    struct relay_ask *ask = (struct relay_ask *)source;
    bool has_ended = mux_queue_flush(&ask->out, source->fd, MESSAGE_MAX) < 0;
    (void)events;
    while (!has_ended) {
        uint8_t *room = mux_queue_reserve(&ask->in, 4096, 2 + MESSAGE_MAX + 4096);
        ssize_t count = room == NULL ? 0 : read(source->fd, room, 4096);
        if (count < 0 && (errno == EAGAIN || errno == ENOTCONN))
            break;
        if (count <= 0)
            has_ended = true;
        else
            mux_queue_commit(&ask->in, (size_t)count);
    }
    take_stream(ask, has_ended);
}

/* Made where the container is, whose servers may be its neighbours. */
static int socket_inside(int namespace, int family, int type) {
    static int home = -1;
    if (home < 0 && namespace >= 0)
        home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (namespace >= 0 && (home < 0 || setns(namespace, CLONE_NEWNET) < 0))
        return -1;
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (namespace >= 0 && setns(home, CLONE_NEWNET) < 0)
        _exit(1);
    return fd;
}

static int connect_to(const struct in6_addr *server, int namespace, int type) {
    struct sockaddr_in6 six = {
        .sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT), .sin6_addr = *server};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
    bool is_four = IN6_IS_ADDR_V4MAPPED(server);
    memcpy(&four.sin_addr, server->s6_addr + 12, 4);
    const struct sockaddr *address = is_four ? (struct sockaddr *)&four : (struct sockaddr *)&six;
    int fd = socket_inside(namespace, address->sa_family, type);
    if (fd >= 0 &&
        (connect(fd, address, is_four ? sizeof four : sizeof six) == 0 || errno == EINPROGRESS))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* False: it can't be, now. */
static bool send_query(struct relay_ask *ask) {
    const struct question *question = ask->question;
    size_t prefix = ask->is_long ? 2 : 0;
    uint8_t *at = mux_queue_reserve(&ask->out, prefix + question->count, 2 + MESSAGE_MAX);
    if (at == NULL)
        return false;
    if (ask->is_long) {
        at[0] = (uint8_t)(question->count >> 8);
        at[1] = (uint8_t)question->count;
    }
    memcpy(at + prefix, question->bytes, question->count);
    memcpy(at + prefix, ask->id, sizeof ask->id);
    mux_queue_commit(&ask->out, prefix + question->count);
    return mux_queue_flush(&ask->out, ask->source.fd, MESSAGE_MAX) >= 0 || ask->is_long;
}

static bool ask_server(struct question *question, const struct in6_addr *server) {
    bool is_long = question->client != NULL;
    int fd =
        connect_to(server, question->relay->setup.namespace, is_long ? SOCK_STREAM : SOCK_DGRAM);
    struct relay_ask *ask = fd < 0 ? NULL : calloc(1, sizeof *ask);
    if (ask == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    ask->source = (struct mux_source){.fd = fd, .ready = is_long ? stream_ready : datagram_ready};
    ask->question = question;
    ask->is_long = is_long;
    ask->deadline_ms = relay_now_ms() + ANSWER_MS;
    question->ask = ask;
    if (getrandom(ask->id, sizeof ask->id, 0) != sizeof ask->id || !send_query(ask) ||
        mux_watch(&ask->source, is_long ? EPOLLIN | EPOLLOUT | EPOLLET : EPOLLIN) < 0) {
        ask_drop(question);
        return false;
    }
    return true;
}

void ask_next(struct question *question) {
    ask_drop(question);
    while (question->next_server < question->server_count)
        if (ask_server(question, &question->servers[question->next_server++]))
            return;
    question_fail(question, SERVER_FAILURE);
}

void ask_check(struct question *question, uint64_t now_ms) {
    if (question->ask != NULL && now_ms >= question->ask->deadline_ms)
        ask_next(question);
}
