#include "hand_over.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DESCRIPTORS 4

/* Goes ahead of each message. */
struct head {
    uint32_t order;
    uint32_t length;
    int32_t terminal_number;
};

/* A message with room for descriptors beside its bytes; both ends fill it in. */
union control {
    struct cmsghdr head;
    uint8_t bytes[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
};

static bool has_stdio(enum order order) { return order == ORDER_START || order == ORDER_REHEARSE; }

static int read_whole(int fd, uint8_t *bytes, size_t count) {
    while (count > 0) {
        ssize_t part = read(fd, bytes, count);
        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return -1;
        bytes += part;
        count -= (size_t)part;
    }
    return 0;
}

static int send_head(int socket, const struct message *message) {
    const struct stdio *stdio = &message->stdio;
    struct head head = {.order = message->order,
                        .length = (uint32_t)message->count,
                        .terminal_number = stdio->terminal_number};
    struct iovec bytes = {.iov_base = &head, .iov_len = sizeof head};
    struct msghdr packet = {.msg_iov = &bytes, .msg_iovlen = 1};
    union control control = {0};
    if (has_stdio(message->order)) {
        int fds[DESCRIPTORS] = {stdio->fds[0], stdio->fds[1], stdio->fds[2], stdio->failure_fd};
        packet.msg_control = &control;
        packet.msg_controllen = sizeof control;
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof fds);
        memcpy(CMSG_DATA(&control.head), fds, sizeof fds);
    }
    return sendmsg(socket, &packet, MSG_NOSIGNAL) == (ssize_t)sizeof head ? 0 : -1;
}

int hand_over(int socket, const struct message *message) {
    if (send_head(socket, message) < 0)
        return -1;
    return write_whole(socket, message->bytes, message->count);
}

static int take_head(int socket, struct head *head, struct stdio *stdio) {
    struct iovec bytes = {.iov_base = head, .iov_len = sizeof *head};
    union control control = {0};
    struct msghdr packet = {.msg_iov = &bytes,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control};
    ssize_t count;
    do
        count = recvmsg(socket, &packet, MSG_CMSG_CLOEXEC);
    while (count < 0 && errno == EINTR);
    if (count != (ssize_t)sizeof *head || head->length > DVM_MESSAGE_MAX)
        return -1;
    if (!has_stdio(head->order))
        return 0;
    int fds[DESCRIPTORS];
    if (CMSG_FIRSTHDR(&packet) == NULL || control.head.cmsg_len != CMSG_LEN(sizeof fds))
        return -1;
    memcpy(fds, CMSG_DATA(&control.head), sizeof fds);
    *stdio = (struct stdio){{fds[0], fds[1], fds[2]}, fds[3], head->terminal_number};
    return 0;
}

int take_over(int socket, struct message *message) {
    struct head head;
    if (take_head(socket, &head, &message->stdio) < 0)
        return -1;
    message->order = head.order;
    message->count = head.length;
    message->bytes = malloc(head.length + 1);
    return message->bytes == NULL ? -1 : read_whole(socket, message->bytes, message->count);
}
