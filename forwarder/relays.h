#ifndef DVM_FORWARDER_RELAYS_H
#define DVM_FORWARDER_RELAYS_H

#include <stdbool.h>

#include "addresses.h"
#include "owners.h"

/*
 * Pairs of TCP connections: a client's, and the one that leads to the container for it. What comes
 * from one goes to the other without passing through this process; ends, half-closes and breaks do,
 * too, after what was sent before.
 */

/* Tells whenever there may be room for one more. */
void relays_open(void (*has_room)(void));
bool relays_have_room(void);
/* Takes both over: a client that was accepted, and a socket that is bound, which is connected. */
void relay_start(const struct owner *owner, int client, int server, const union address *target);
/* Breaks all of this owner; NULL: all. */
void relays_end(const struct owner *owner);

#endif
