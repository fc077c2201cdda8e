#ifndef DVM_FORWARDER_PLACES_H
#define DVM_FORWARDER_PLACES_H

#include "addresses.h"
#include "supply.h"

/* Where a container is, on the network that its ports are published of. */

struct place {
    /* By family, IPv4 first. Without an address of it both are of no family. */
    struct {
        union address address, gateway;
        unsigned prefix;
    } of[2];
};

struct place_words {
    const char *address; /* with its prefix, as 172.17.0.2/16; "-": none */
    const char *gateway; /* what clients seem to be whose own address can't be shown; "-": none */
};

/* By the words for IPv4, then IPv6. -1 with errno. */
int place_parse(const struct place_words words[2], struct place *place);
/*
 * What kind of socket leads there for a client of this family; false: there is no way. IPv6 is
 * taken for who comes by it, where there is IPv6.
 */
bool place_kind(const struct place *place, int family, bool is_tcp, enum supply_kind *kind);
/*
 * Binds a socket of that kind, so that the container sees the client's address where its answers
 * find their way back from, else the gateway's; gives the address to connect to. -1 with errno.
 */
int place_bind(const struct place *place, int fd, const union address *client,
               union address *target);

#endif
