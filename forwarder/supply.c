#include "supply.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "mux_loop.h"
#include "unix_socket.h"

#define STOCK 8u       /* of each kind that is used */
#define ASKED_MAX 64u  /* questions without an answer */
#define ANSWER_MS 3000 /* that somebody waits at most */
#define RETRY_MS 200   /* till it is looked for again */
#define ANSWER_MAX 256u

static const char *const names[SUPPLY_KINDS] = {"tcp4", "tcp6", "udp4", "udp6"};
static const char *switch_path;
static const struct supply_events *events;
static struct mux_source *link_source; /* NULL: there is no connection to it */
static struct mux_source retry_timer = {.fd = -1};

static struct {
    int fds[STOCK];
    unsigned count, coming;
} stock[SUPPLY_KINDS];
/* What answers will be to, the oldest first. */
static enum supply_kind asked[ASKED_MAX];
static unsigned asked_first, asked_count;
static int last_error;

static void forget_stock(void) {
    for (int kind = 0; kind < SUPPLY_KINDS; kind++) {
        for (unsigned index = 0; index < stock[kind].count; index++)
            close(stock[kind].fds[index]);
        stock[kind].count = stock[kind].coming = 0;
    }
    asked_count = 0;
}

static void look_again_later(void) {
    const struct itimerspec when = {.it_value.tv_nsec = RETRY_MS * 1000000L};
    timerfd_settime(retry_timer.fd, 0, &when, NULL);
}

static void lose(void) {
    if (link_source == NULL)
        return;
    mux_drop(link_source);
    link_source = NULL;
    forget_stock();
    look_again_later();
    events->lost();
}

static int ask(enum supply_kind kind) {
    char line[32];
    if (link_source == NULL || asked_count == ASKED_MAX) {
        errno = link_source == NULL ? ENOTCONN : EAGAIN;
        return -1;
    }
    int length = snprintf(line, sizeof line, "socket %s", names[kind]);
    if (send(link_source->fd, line, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) != length)
        return -1;
    asked[(asked_first + asked_count++) % ASKED_MAX] = kind;
    stock[kind].coming++;
    return 0;
}

static void refill(enum supply_kind kind) {
    while (stock[kind].count + stock[kind].coming < STOCK && ask(kind) == 0)
        ;
}

static int descriptor_in(struct msghdr *message) {
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    int fd = -1;
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

static void keep(enum supply_kind kind, int fd, const char *answer) {
    stock[kind].coming--;
    if (fd < 0) {
        last_error = strncmp(answer, "error ", 6) == 0 ? atoi(answer + 6) : EPROTO;
        last_error = last_error > 0 ? last_error : EPROTO;
        look_again_later();
        return;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    supply_return(kind, fd);
}

/* Takes one answer; false: there is none now. */
static bool take_answer(void) {
    char answer[ANSWER_MAX + 1];
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = answer, .iov_len = ANSWER_MAX};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    ssize_t length = recvmsg(link_source->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (length <= 0 || asked_count == 0) {
        lose();
        return false;
    }
    answer[length] = 0;
    enum supply_kind kind = asked[asked_first];
    asked_first = (asked_first + 1) % ASKED_MAX;
    asked_count--;
    keep(kind, descriptor_in(&message), answer);
    return true;
}

static void link_ready(struct mux_source *source, uint32_t what) {
    (void)source;
    (void)what;
    last_error = 0;
    while (link_source != NULL && take_answer())
        ;
    if (link_source != NULL && last_error == 0)
        events->arrived();
}

static int connect_switch(void) {
    if (switch_path == NULL) {
        errno = ENOENT;
        return -1;
    }
    int fd = unix_connect(switch_path, SOCK_SEQPACKET);
    if (fd < 0)
        return -1;
    struct mux_source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        close(fd);
        errno = ENOMEM;
        return -1;
    }
    *source = (struct mux_source){.fd = fd, .ready = link_ready};
    if (mux_watch(source, EPOLLIN | EPOLLRDHUP) < 0) {
        int number = errno;
        mux_drop(source);
        errno = number;
        return -1;
    }
    link_source = source;
    return 0;
}

static int find_switch(void) {
    if (connect_switch() < 0)
        return -1;
    events->found();
    return 0;
}

static void timer_ready(struct mux_source *source, uint32_t what) {
    (void)what;
    uint64_t count;
    if (read(source->fd, &count, sizeof count) < 0)
        return;
    if (link_source == NULL && find_switch() < 0)
        look_again_later();
    else
        events->arrived();
}

void supply_open(const char *path, const struct supply_events *the_events) {
    switch_path = path;
    events = the_events;
    retry_timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    retry_timer.ready = timer_ready;
    mux_watch(&retry_timer, EPOLLIN);
}

void supply_return(enum supply_kind kind, int fd) {
    if (stock[kind].count < STOCK)
        stock[kind].fds[stock[kind].count++] = fd;
    else
        close(fd);
}

int supply_take(enum supply_kind kind) {
    if (link_source == NULL && find_switch() < 0)
        look_again_later();
    if (stock[kind].count == 0) {
        refill(kind);
        errno = EAGAIN;
        return -1;
    }
    int fd = stock[kind].fds[--stock[kind].count];
    if (stock[kind].count < STOCK / 2)
        refill(kind);
    return fd;
}

int supply_wait(enum supply_kind kind) {
    if (link_source == NULL && find_switch() < 0)
        return -1;
    last_error = 0;
    while (stock[kind].count == 0) {
        if (stock[kind].coming == 0 && ask(kind) < 0)
            return -1;
        struct pollfd one = {.fd = link_source->fd, .events = POLLIN};
        if (poll(&one, 1, ANSWER_MS) <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        while (link_source != NULL && take_answer())
            ;
        if (link_source == NULL || last_error != 0) {
            errno = last_error != 0 ? last_error : ENOTCONN;
            return -1;
        }
    }
    int fd = stock[kind].fds[--stock[kind].count];
    /* what came meanwhile may be what a client waits for */
    events->arrived();
    return fd;
}
