#ifndef DVM_MUX_H
#define DVM_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "connections.h"
#include "mux_loop.h"

/* One side of what connections.h draws: many connections over one stream of bytes. */

/* What the other side wants to be connected to. */
struct mux_target {
    int fd; /* a socket that doesn't block and isn't connected; owned */
    struct sockaddr_storage address;
    socklen_t address_length;
    const void *owner; /* see mux_end_owned() */
};

struct mux_side {
    bool is_guest;
    size_t streams_max; /* each has a descriptor */
    /* Makes what is described in an OPEN; -1: it is refused. */
    int (*find)(const uint8_t *wanted, size_t count, struct mux_target *target);
    /* The way to the other side has ended or is broken. */
    void (*lost)(const char *why);
};

/* Where connections are accepted that the other side is to connect to something. */
struct mux_listener {
    struct mux_source source; /* first: it is freed by it */
    const void *owner;
    uint8_t wanted[CONNECTION_CONTROL_MAX]; /* OPEN's payload */
    size_t wanted_count;
    bool is_ready;
    struct mux_listener *next;
};

/* Takes `link` over; -1 with errno. The side must stay. */
int mux_open(int link, const struct mux_side *side);
/*
 * Takes over a listening socket that doesn't block. -1 with errno: then it is closed.
 */
int mux_listen(int fd, const void *owner, const uint8_t *wanted, size_t count);
/*
 * Has the other side connect to what is described, and joins `fd` with that, which it takes over.
 * -1 with errno: it is closed.
 */
int mux_connect(int fd, const void *owner, const uint8_t *wanted, size_t count);
/* Closes what listens for this owner, and breaks its connections. */
void mux_end_owned(const void *owner);
/* Breaks all connections, and forgets what is on its way. */
void mux_forget_all(void);
/* Does all that can be done, then waits for more. */
void mux_turn(void);

#endif
