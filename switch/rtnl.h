#ifndef DVM_SWITCH_RTNL_H
#define DVM_SWITCH_RTNL_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

/* One request to the kernel's network, as rtnetlink(7) draws it. */
struct rtnl_request {
    struct nlmsghdr head;
    uint8_t rest[1024];
};

int rtnl_open(void);
/* `body`: the structure that this type of request begins with. */
void rtnl_begin(struct rtnl_request *request, uint16_t type, uint16_t flags, const void *body,
                size_t count);
void rtnl_add(struct rtnl_request *request, uint16_t type, const void *value, size_t count);
void rtnl_add_text(struct rtnl_request *request, uint16_t type, const char *text);
void rtnl_add_number(struct rtnl_request *request, uint16_t type, uint32_t value);
void rtnl_add_byte(struct rtnl_request *request, uint16_t type, uint8_t value);
/* Bytes that are no attribute; a whole number of words. */
void rtnl_add_raw(struct rtnl_request *request, const void *bytes, size_t count);
/* What is added until rtnl_end() is inside of it. */
struct rtattr *rtnl_nest(struct rtnl_request *request, uint16_t type);
void rtnl_end(struct rtnl_request *request, struct rtattr *nest);
/* Sends it and takes the kernel's word on it; -1 with errno. */
int rtnl_ask(struct rtnl_request *request);
/* Calls `each` with every message of a dump; -1 with errno. */
int rtnl_dump(struct rtnl_request *request, void (*each)(const struct nlmsghdr *, void *),
              void *context);

#endif
