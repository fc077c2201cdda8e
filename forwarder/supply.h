#ifndef DVM_FORWARDER_SUPPLY_H
#define DVM_FORWARDER_SUPPLY_H

#include <stdbool.h>

/*
 * Sockets inside the switch's namespace, which it gives out by its descriptor socket: a request is
 * one packet, `socket KIND`, and so is its answer, `ok` with the descriptor or `error NUMBER TEXT`.
 * Some are kept ahead, so that a connection waits for nothing.
 */

enum supply_kind { SUPPLY_TCP4, SUPPLY_TCP6, SUPPLY_UDP4, SUPPLY_UDP6, SUPPLY_KINDS };

struct supply_events {
    /* There are sockets that can be taken, after there were none. */
    void (*arrived)(void);
    /* The switch has gone, and with it all that is in its namespace. */
    void (*lost)(void);
    /* It is there again, maybe another one. */
    void (*found)(void);
};

void supply_open(const char *path, const struct supply_events *events);
/* It never blocks, and is transparent. -1 with EAGAIN: it was asked for, `arrived` will tell. */
int supply_take(enum supply_kind kind);
/* Gives one back that was not used. */
void supply_return(enum supply_kind kind, int fd);
/* As supply_take, but waits for the answer; -1 with errno. */
int supply_wait(enum supply_kind kind);

#endif
