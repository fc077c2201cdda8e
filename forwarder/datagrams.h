#ifndef DVM_FORWARDER_DATAGRAMS_H
#define DVM_FORWARDER_DATAGRAMS_H

#include "doors.h"

/*
 * Clients of UDP. Each has a socket of its own towards the container, which answers come back by,
 * until nothing came for some time or too many others have come since.
 */

int datagrams_open(void);
/* So that answers leave from the address that was asked. */
void datagrams_prepare(int fd, int family);
/* Passes on what waits at a door. */
void datagrams_receive(struct door *door);
/* Forgets those who came by this door; NULL: all. */
void datagrams_end(const struct door *door);
void datagrams_end_owned(const struct owner *owner);

#endif
