#ifndef DVM_FORWARDER_PORTS_H
#define DVM_FORWARDER_PORTS_H

#include "owners.h"

/* TCP ports of the host. */

struct port_words {
    const char *address; /* of the host, IPv4 or IPv6 */
    const char *port;    /* 0: any */
    const char *guest_address;
    const char *guest_port;
    const char *client_address; /* what the guest takes the client for */
};

/* Listens; gives the port's number, -1 with errno. */
int port_listen(const struct owner *owner, const struct port_words *words);

#endif
