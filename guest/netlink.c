#include "netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *body,
                   size_t count) {
    *request = (struct netlink_request){.head = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(count),
                                                 .nlmsg_type = type,
                                                 .nlmsg_flags = flags | NLM_F_REQUEST | NLM_F_ACK}};
    memcpy(request->rest, body, count);
}

void netlink_add(struct netlink_request *request, uint16_t type, const void *value, size_t count) {
    struct rtattr head = {.rta_len = (unsigned short)RTA_LENGTH(count), .rta_type = type};
    uint8_t *at = (uint8_t *)request + NLMSG_ALIGN(request->head.nlmsg_len);
    memcpy(at, &head, sizeof head);
    memcpy(at + RTA_LENGTH(0), value, count);
    request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) + (uint32_t)RTA_SPACE(count);
}

int netlink_open(struct failure *failure) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    return fd < 0 ? fail_errno(failure, "cannot speak with the kernel's network") : fd;
}

int netlink_ask(int fd, const struct netlink_request *request) {
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        uint8_t rest[sizeof *request];
    } answer;
    if (send(fd, request, request->head.nlmsg_len, 0) < 0)
        return -1;
    ssize_t count = recv(fd, &answer, sizeof answer, 0);
    if (count < 0)
        return -1;
    if (count < (ssize_t)(sizeof answer.head + sizeof answer.error) ||
        answer.head.nlmsg_type != NLMSG_ERROR) {
        errno = EPROTO;
        return -1;
    }
    errno = -answer.error.error;
    return answer.error.error == 0 ? 0 : -1;
}
