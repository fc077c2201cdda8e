#ifndef DVM_RELAY_DOOR_H
#define DVM_RELAY_DOOR_H

#include "network.h"
#include "place.h"

/*
 * 127.0.0.11 in a container's network namespace: sockets that the agent keeps until somebody asks
 * there, then hands to the connector, whose relay (relay.h) answers.
 */

/* Opens it, if it isn't open; `name` is the host's for the socket where answers come from. */
int relay_door_open(const struct network *network, const struct place *place, const char *name,
                    struct failure *failure);
/* Closes it; true: the connector has it. */
bool relay_door_close(unsigned slot);

#endif
