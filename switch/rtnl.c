#include "rtnl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int opened = -1;
static uint32_t sequence;

int rtnl_open(void) {
    opened = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    return opened < 0 ? -1 : 0;
}

void rtnl_begin(struct rtnl_request *request, uint16_t type, uint16_t flags, const void *body,
                size_t count) {
    *request = (struct rtnl_request){.head = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(count),
                                              .nlmsg_type = type,
                                              .nlmsg_flags = flags | NLM_F_REQUEST | NLM_F_ACK}};
    memcpy(request->rest, body, count);
}

static struct rtattr *next_place(struct rtnl_request *request) {
    return (struct rtattr *)((uint8_t *)request + NLMSG_ALIGN(request->head.nlmsg_len));
}

void rtnl_add(struct rtnl_request *request, uint16_t type, const void *value, size_t count) {
    struct rtattr *attribute = next_place(request);
    size_t length = NLMSG_ALIGN(request->head.nlmsg_len) + RTA_SPACE(count);
    if (length > sizeof *request)
        return; /* all that we add is bounded far below */
    *attribute = (struct rtattr){.rta_len = (unsigned short)RTA_LENGTH(count), .rta_type = type};
    if (count > 0)
        memcpy(RTA_DATA(attribute), value, count);
    request->head.nlmsg_len = (uint32_t)length;
}

void rtnl_add_text(struct rtnl_request *request, uint16_t type, const char *text) {
    rtnl_add(request, type, text, strlen(text) + 1);
}

void rtnl_add_number(struct rtnl_request *request, uint16_t type, uint32_t value) {
    rtnl_add(request, type, &value, sizeof value);
}

void rtnl_add_byte(struct rtnl_request *request, uint16_t type, uint8_t value) {
    rtnl_add(request, type, &value, sizeof value);
}

void rtnl_add_raw(struct rtnl_request *request, const void *bytes, size_t count) {
    memcpy(next_place(request), bytes, count);
    request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) + (uint32_t)count;
}

struct rtattr *rtnl_nest(struct rtnl_request *request, uint16_t type) {
    struct rtattr *nest = next_place(request);
    rtnl_add(request, type | NLA_F_NESTED, NULL, 0);
    return nest;
}

void rtnl_end(struct rtnl_request *request, struct rtattr *nest) {
    nest->rta_len = (unsigned short)((uint8_t *)next_place(request) - (uint8_t *)nest);
}

/* Gives 1 when `message` ends the answer. */
static int is_end(const struct nlmsghdr *message) {
    if (message->nlmsg_type == NLMSG_DONE)
        return 1;
    if (message->nlmsg_type != NLMSG_ERROR)
        return 0;
    const struct nlmsgerr *error = NLMSG_DATA(message);
    errno = -error->error;
    return error->error == 0 ? 1 : -1;
}

int rtnl_dump(struct rtnl_request *request, void (*each)(const struct nlmsghdr *, void *),
              void *context) {
    static _Alignas(struct nlmsghdr) uint8_t answer[32768];
    request->head.nlmsg_seq = ++sequence;
    if (send(opened, request, request->head.nlmsg_len, 0) < 0)
        return -1;
    for (;;) {
        ssize_t count = recv(opened, answer, sizeof answer, 0);
        if (count < 0)
            return -1;
        size_t left = (size_t)count;
        for (struct nlmsghdr *message = (struct nlmsghdr *)answer; NLMSG_OK(message, left);
             message = NLMSG_NEXT(message, left)) {
            if (message->nlmsg_seq != sequence)
                continue;
            int end = is_end(message);
            if (end != 0)
                return end < 0 ? -1 : 0;
            if (each != NULL)
                each(message, context);
        }
    }
}

int rtnl_ask(struct rtnl_request *request) { return rtnl_dump(request, NULL, NULL); }
