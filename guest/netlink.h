#ifndef DVM_NETLINK_H
#define DVM_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

#include "agent.h"

/* Requests to the kernel's network, as rtnetlink(7) draws them. */
struct netlink_request {
    struct nlmsghdr head;
    uint8_t rest[128];
};

/* `body`: the structure that this type of request begins with. */
void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *body,
                   size_t count);
void netlink_add(struct netlink_request *request, uint16_t type, const void *value, size_t count);
/* A socket for requests about the network namespace that the caller is in. */
int netlink_open(struct failure *failure);
/* Sends it and takes the kernel's word on it; -1 with errno. */
int netlink_ask(int fd, const struct netlink_request *request);

#endif
