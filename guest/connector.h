#ifndef DVM_CONNECTOR_H
#define DVM_CONNECTOR_H

#include "agent.h"

/*
 * The connector: a child of the agent's that carries connections between the host and this machine,
 * as connections.h draws it. There is none before it is needed.
 */

#define SOCKET_PATH_MAX 96

/* A Unix socket that leads to one of the host. */
struct socket_setup {
    unsigned mode;
    unsigned uid;
    unsigned gid;
    char name[DVM_NAME_MAX + 1]; /* by which the host knows it */
};

/* Opens the way to the host: what comes first over it starts the connector. */
void connector_watch(void);
/* Makes such a socket for the container in `slot`; gives its path. */
int connector_add_socket(const struct socket_setup *setup, unsigned slot,
                         char path[SOCKET_PATH_MAX], struct failure *failure);
/* The container in this slot uses none any more. */
void connector_release(unsigned slot);

/* Tells the connector, which is started if it isn't there; what is handed over stays open here. */
struct connector_message;
int connector_hand_over(const struct connector_message *message, const int *descriptors,
                        size_t count, struct failure *failure);

/* The connector itself. Its way to the host is descriptor 3, that to the agent 4. */
int connector_main(void) __attribute__((noreturn));

#define CONNECTOR_PORT 3
#define CONNECTOR_AGENT 4

/*
 * What the agent tells it. With CONNECTOR_ADD comes a listening socket, with CONNECTOR_RELAY what
 * relay.h wants: a socket for datagrams, one that listens, and the network namespace of both, if it
 * isn't the machine's own.
 */
enum connector_order { CONNECTOR_ADD = 1, CONNECTOR_RELEASE = 2, CONNECTOR_RELAY = 3 };
#define CONNECTOR_DESCRIPTORS 3
struct connector_message {
    uint8_t order;
    uint8_t slot;
    char name[DVM_NAME_MAX + 1]; /* of the socket */
};

#endif
