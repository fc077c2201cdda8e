#ifndef DVM_FORWARDER_DOORS_H
#define DVM_FORWARDER_DOORS_H

#include <stdbool.h>
#include <stdint.h>

#include "addresses.h"
#include "mux_loop.h"
#include "owners.h"

/*
 * Sockets where clients come who want to be led to a container through the switch: TCP connections
 * are accepted there, datagrams received.
 */

struct door_words {
    const struct owner *owner;
    bool is_tcp;
    bool is_inside; /* in the switch's namespace */
    uint16_t guest_port;
    union address address; /* port 0: any */
};

struct door {
    struct mux_source source; /* first: it is freed by it */
    struct door_words words;  /* with the port that it got */
    struct door *next;
};

/* For `supply_events`: takes who waited. */
void doors_resume(void);
/* Takes over a socket that doesn't block. Gives the number that it is bound to, -1 with errno. */
int door_open(int fd, const struct door_words *words);
/* Closes those of this owner, protocol and address, inside or not. */
void doors_close(const struct door_words *words);
/* Closes those of this owner. */
void doors_end(const struct owner *owner);
/* Closes all that are in the switch's namespace. */
void doors_end_inside(void);

#endif
