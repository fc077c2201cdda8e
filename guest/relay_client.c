#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "relay_parts.h"

#define IDLE_MS 10000u
#define IN_MAX (2u + MESSAGE_MAX)
#define OUT_MAX (4u * IN_MAX)

/* One query at a time: what it sends beside that waits. */
struct relay_client {
    struct mux_source source; /* first: it is freed by it */
    struct relay *relay;
    size_t place;
    struct mux_queue in, out;
    bool has_question;
    bool is_over; /* to be dropped by and by */
    bool has_ended;
    uint64_t deadline_ms;
};

void client_drop(struct relay_client *client) {
    struct relay *relay = client->relay;
    for (size_t at = 0; at < QUESTIONS_MAX; at++)
        if (relay->questions[at].is_used && relay->questions[at].client == client)
            question_forget(&relay->questions[at]);
    relay->clients[client->place] = NULL;
    mux_queue_free(&client->in);
    mux_queue_free(&client->out);
    mux_drop(&client->source);
}

void client_go_on(struct relay_client *client) {
    const uint8_t *at = client->in.bytes + client->in.head;
    size_t used = mux_queue_used(&client->in);
    size_t count = used < 2 ? 0 : (size_t)at[0] << 8 | at[1];
    if (client->has_question || client->is_over || used < 2 || used < 2 + count)
        return;
    if (count < MESSAGE_MIN) {
        client->is_over = true;
        return;
    }
    client->has_question = question_begin(client->relay, at + 2, count, NULL, client) != NULL;
    if (client->has_question)
        client->in.head += 2 + count;
}

static void flush(struct relay_client *client) {
    if (mux_queue_flush(&client->out, client->source.fd, OUT_MAX) < 0)
        client->is_over = true;
}

void client_send(struct relay_client *client, const uint8_t *bytes, size_t count) {
    uint8_t *at = mux_queue_reserve(&client->out, 2 + count, OUT_MAX);
    client->has_question = false;
    client->deadline_ms = relay_now_ms() + IDLE_MS;
    if (at == NULL) {
        client->is_over = true;
        return;
    }
    at[0] = (uint8_t)(count >> 8);
    at[1] = (uint8_t)count;
    memcpy(at + 2, bytes, count);
    mux_queue_commit(&client->out, 2 + count);
    flush(client);
    client_go_on(client);
}

/* What is read is bounded: a client that asks more than is answered waits. */
static void receive(struct relay_client *client) {
    for (;;) {
        uint8_t *room = mux_queue_reserve(&client->in, 512, IN_MAX + 512);
        ssize_t count = room == NULL ? -1 : read(client->source.fd, room, 512);
        if (room == NULL)
            return;
        if (count < 0 && errno == EAGAIN)
            return;
        if (count < 0)
            client->is_over = true;
        if (count <= 0) {
            client->has_ended = true;
            return;
        }
        mux_queue_commit(&client->in, (size_t)count);
        client->deadline_ms = relay_now_ms() + IDLE_MS;
    }
}

static void ready(struct mux_source *source, uint32_t events) {
    struct relay_client *client = (struct relay_client *)source;
    if (events & EPOLLOUT)
        flush(client);
    if (events & ~(uint32_t)EPOLLOUT)
        receive(client);
    client_go_on(client);
}

bool client_check(struct relay_client *client, uint64_t now_ms) {
    bool is_done = client->has_ended && !client->has_question && mux_queue_used(&client->out) == 0;
    bool is_idle = !client->has_question && now_ms >= client->deadline_ms;
    if (!client->is_over && !is_idle) {
        receive(client);
        client_go_on(client);
        if (client->has_question || !is_done)
            return true;
    }
    client_drop(client);
    return false;
}

void client_accept(struct relay *relay, int fd) {
    size_t place = 0;
    while (place < CLIENTS_MAX && relay->clients[place] != NULL)
        place++;
    struct relay_client *client = place == CLIENTS_MAX ? NULL : calloc(1, sizeof *client);
    if (client == NULL) {
        close(fd);
        return;
    }
    client->source = (struct mux_source){.fd = fd, .ready = ready};
    client->relay = relay;
    client->place = place;
    client->deadline_ms = relay_now_ms() + IDLE_MS;
    if (mux_watch(&client->source, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) < 0) {
        mux_drop(&client->source);
        return;
    }
    relay->clients[place] = client;
    relay_watch_time(relay);
}
