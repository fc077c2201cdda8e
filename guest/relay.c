#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "container.h"
#include "relay_parts.h"

#define DATAGRAM_MAX 4096u
#define DATAGRAMS_AT_ONCE 16
#define TICK_MS 50
/* Longer than anybody takes for three servers. */
#define ANSWER_MS 15000u
/* As long as a host may take that has just begun. */
#define REACH_MS 3000u

/* A source of a relay's own. */
struct relay_source {
    struct mux_source source;
    struct relay *relay;
};

static struct relay *relays[CONTAINERS_MAX];

uint64_t relay_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct relay *relay_of(struct mux_source *source) {
    return ((struct relay_source *)source)->relay;
}

static void refuse(const struct relay *relay, const uint8_t *query, size_t count,
                   const struct sockaddr_in *from) {
    uint8_t answer[DATAGRAM_MAX];
    size_t length = failure_answer(query, count, REFUSED, answer);
    sendto(relay->datagrams->fd, answer, length, MSG_DONTWAIT, (const struct sockaddr *)from,
           sizeof *from);
}

static void datagrams_ready(struct mux_source *source, uint32_t events) {
    (void)events;
    struct relay *relay = relay_of(source);
    for (int times = 0; times < DATAGRAMS_AT_ONCE; times++) {
        uint8_t bytes[DATAGRAM_MAX];
        struct sockaddr_in from;
        socklen_t length = sizeof from;
        ssize_t count = recvfrom(source->fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_TRUNC,
                                 (struct sockaddr *)&from, &length);
        if (count < 0)
            return;
        if (count < (ssize_t)MESSAGE_MIN || count > (ssize_t)sizeof bytes)
            continue;
        if (question_begin(relay, bytes, (size_t)count, &from, NULL) == NULL)
            refuse(relay, bytes, (size_t)count, &from);
    }
}

static void listener_ready(struct mux_source *source, uint32_t events) {
    (void)events;
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        client_accept(relay_of(source), fd);
}

static void set_tick(struct relay *relay, long each_ms) {
    const struct timespec each = {.tv_nsec = each_ms * 1000000};
    const struct itimerspec time = {.it_value = each, .it_interval = each};
    relay->is_ticking = each_ms > 0;
    timerfd_settime(relay->tick->fd, 0, &time, NULL);
}

void relay_watch_time(struct relay *relay) {
    if (!relay->is_ticking)
        set_tick(relay, TICK_MS);
}

/* Whom nobody asks for it is given up sooner. */
static uint64_t limit_ms(const struct question *question) {
    return question->is_sent || question->ask != NULL ? ANSWER_MS : REACH_MS;
}

static void tick(struct mux_source *source, uint32_t events) {
    (void)events;
    struct relay *relay = relay_of(source);
    uint64_t now = relay_now_ms(), expirations;
    bool is_any = false;
    ssize_t count = read(source->fd, &expirations, sizeof expirations);
    (void)count;
    for (size_t at = 0; at < QUESTIONS_MAX; at++) {
        struct question *question = &relay->questions[at];
        if (question->is_used && now >= question->begun_ms + limit_ms(question))
            question_fail(question, SERVER_FAILURE);
        if (question->is_used)
            ask_check(question, now);
        if (question->is_used && !question->is_sent && question->ask == NULL)
            link_bring(question);
        is_any = is_any || question->is_used;
    }
    for (size_t at = 0; at < CLIENTS_MAX; at++)
        is_any = (relay->clients[at] != NULL && client_check(relay->clients[at], now)) || is_any;
    if (!is_any)
        set_tick(relay, 0);
}

/* NULL: the descriptor is closed. */
static struct mux_source *watch(struct relay *relay, int fd,
                                void (*ready)(struct mux_source *source, uint32_t events)) {
    struct relay_source *made = fd < 0 ? NULL : calloc(1, sizeof *made);
    if (made == NULL) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    made->source = (struct mux_source){.fd = fd, .ready = ready};
    made->relay = relay;
    if (mux_watch(&made->source, EPOLLIN) < 0) {
        mux_drop(&made->source);
        return NULL;
    }
    return &made->source;
}

static void drop(struct mux_source *source) {
    if (source != NULL)
        mux_drop(source);
}

static void end(struct relay *relay) {
    for (size_t at = 0; at < QUESTIONS_MAX; at++)
        question_forget(&relay->questions[at]);
    for (size_t at = 0; at < CLIENTS_MAX; at++)
        if (relay->clients[at] != NULL)
            client_drop(relay->clients[at]);
    link_close(relay);
    drop(relay->datagrams);
    drop(relay->listener);
    drop(relay->tick);
    if (relay->setup.namespace >= 0)
        close(relay->setup.namespace);
    free(relay);
}

int relay_open(const struct relay_setup *setup) {
    struct relay *relay = calloc(1, sizeof *relay);
    relay_close(setup->slot);
    if (relay == NULL) {
        close(setup->datagrams);
        close(setup->listener);
        return -1;
    }
    relay->setup = *setup;
    relay->datagrams = watch(relay, setup->datagrams, datagrams_ready);
    relay->listener = watch(relay, setup->listener, listener_ready);
    relay->tick = watch(relay, timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), tick);
    if (relay->datagrams == NULL || relay->listener == NULL || relay->tick == NULL) {
        end(relay);
        return -1;
    }
    relays[setup->slot] = relay;
    return 0;
}

void relay_close(unsigned slot) {
    if (relays[slot] != NULL)
        end(relays[slot]);
    relays[slot] = NULL;
}
