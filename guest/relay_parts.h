#ifndef DVM_RELAY_PARTS_H
#define DVM_RELAY_PARTS_H

#include <netinet/in.h>

#include "mux_queue.h"
#include "relay.h"

/* What the parts of the relay know of each other. */

#define QUESTIONS_MAX 128u /* their places are the lowest bits of their tags */
#define CLIENTS_MAX 16u
#define SERVERS_MAX 3u
#define MESSAGE_MIN 12u
#define MESSAGE_MAX 65535u

enum { SERVER_FAILURE = 2, REFUSED = 5 };

struct relay;
struct relay_link;   /* to the host; source first */
struct relay_client; /* by TCP */
struct relay_ask;    /* a server that is being asked */

struct question {
    bool is_used;
    struct relay *relay;
    uint32_t tag;
    struct relay_client *client; /* NULL: it came by UDP ... */
    struct sockaddr_in from;     /* ... from there */
    uint8_t *bytes;              /* owned */
    size_t count;
    uint64_t begun_ms;
    bool is_sent; /* to the host, which hasn't answered */
    struct in6_addr servers[SERVERS_MAX];
    unsigned server_count, next_server;
    struct relay_ask *ask; /* NULL: none is asked */
};

struct relay {
    struct relay_setup setup;
    struct mux_source *datagrams, *listener, *tick;
    bool is_ticking;
    struct relay_link *link; /* NULL: there is none now */
    struct question questions[QUESTIONS_MAX];
    uint32_t uses;
    struct relay_client *clients[CLIENTS_MAX];
};

uint64_t relay_now_ms(void);
/* Has time be looked at as long as something waits. */
void relay_watch_time(struct relay *relay);

/* A query, copied; NULL: there are too many, or no memory. It is on its way to the host then. */
struct question *question_begin(struct relay *relay, const uint8_t *bytes, size_t count,
                                const struct sockaddr_in *from, struct relay_client *client);
/* Gives its client an answer, and forgets it. */
void question_answer(struct question *question, const uint8_t *bytes, size_t count);
void question_fail(struct question *question, unsigned code);
void question_forget(struct question *question);
/* An answer without records to `query`; gives its length, at most that of the query. */
size_t failure_answer(const uint8_t *query, size_t count, unsigned code, uint8_t *answer);

/* Brings it to the host, now or when it can be reached. */
void link_bring(struct question *question);
void link_close(struct relay *relay);

/* Asks its next server; there is none: it has failed. */
void ask_next(struct question *question);
void ask_drop(struct question *question);
/* Goes on to the next server where one was silent for too long. */
void ask_check(struct question *question, uint64_t now_ms);

/* Takes over a connection. */
void client_accept(struct relay *relay, int fd);
void client_send(struct relay_client *client, const uint8_t *bytes, size_t count);
/* Takes its next query, if it has sent one and none is open. */
void client_go_on(struct relay_client *client);
/* Whether it is still there. */
bool client_check(struct relay_client *client, uint64_t now_ms);
void client_drop(struct relay_client *client);

#endif
