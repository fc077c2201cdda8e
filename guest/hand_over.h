#ifndef DVM_HAND_OVER_H
#define DVM_HAND_OVER_H

#include "agent.h"
#include "stdio_pair.h"

/* What the agent tells a first process that waits, through a socket. */
enum order {
    ORDER_ENTER,    /* go into the root, which is there */
    ORDER_SET_UP,   /* follow this CREATE */
    ORDER_REHEARSE, /* have a child do what a start does */
    ORDER_START,    /* become this */
};

struct message {
    enum order order;
    uint8_t *bytes; /* as the host sent them; on the receiving side they live as long as it */
    size_t count;
    struct stdio stdio; /* of ORDER_REHEARSE and ORDER_START */
};

/* -1 with errno. */
int hand_over(int socket, const struct message *message);
/* -1: the agent has gone. */
int take_over(int socket, struct message *message);

#endif
