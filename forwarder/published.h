#ifndef DVM_FORWARDER_PUBLISHED_H
#define DVM_FORWARDER_PUBLISHED_H

#include "owners.h"

/* Ports of the host that lead to a container through the switch. */

struct published_words {
    const char *protocol; /* tcp or udp */
    const char *address;  /* of the host, IPv4 or IPv6 */
    const char *port;     /* 0: any */
    const char *guest_port;
};

/* Says where sockets inside the switch's namespace come from. -1 with errno. */
int published_open(const char *switch_path);
/*
 * Opens a port, which who is in the switch's namespace reaches, too, if it is one of all addresses.
 * An address that the host has not may be one of the switch's. Gives its number, -1 with errno.
 */
int publish(const struct owner *owner, const struct published_words *words);
/* Closes one port, by its number; connections go on. -1 with errno. */
int unpublish(const struct owner *owner, const struct published_words *words);
/* Closes all ports of this owner, and breaks their connections. */
void published_end(const struct owner *owner);
/* Breaks connections that lead to this owner. */
void published_break(const struct owner *owner);

#endif
