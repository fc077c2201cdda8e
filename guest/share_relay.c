#include "share_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "changes.h"
#include "share_changes.h"

#define MESSAGE_MAX (1048576u + 65536u)
#define FORGET_PIPE 1048576 /* more than all that wait for locks can fill */
#define PORT_PIECE 4096u    /* a read gives no more at a time */
#define MUST_LIVE "-1000"

/* A message on its way: bytes up to `filled`, of which those before `sent` have gone on. */
struct message {
    uint8_t bytes[MESSAGE_MAX];
    size_t filled;
    size_t sent;
};

static struct message request, answer;

/* To the process that is told of changes, which has this pid, and from it. */
static int orders, dones;
static pid_t hearer;

/* The kernel gives one whole request at a time. */
static bool take_request(int fuse) {
    ssize_t count = read(fuse, request.bytes, sizeof request.bytes);
    if (count < 0)
        /* ENOENT: it was interrupted before it was read */
        return errno == EAGAIN || errno == EINTR || errno == ENOENT;
    request.filled = (size_t)count;
    request.sent = 0;
    return count > 0;
}

/* A word of this side's own, for the file server. */
static void make_request(uint32_t code) {
    struct fuse_in_header header = {.len = sizeof header, .opcode = code, .pid = (uint32_t)hearer};
    memcpy(request.bytes, &header, sizeof header);
    request.filled = sizeof header;
    request.sent = 0;
}

static bool take_done(void) {
    char byte;
    if (read(dones, &byte, 1) != 1)
        return false;
    make_request(CHANGES_DONE);
    return true;
}

static bool has_request(void) { return request.sent < request.filled; }

static bool send_request(int port) {
    while (has_request()) {
        ssize_t count = write(port, request.bytes + request.sent, request.filled - request.sent);
        if (count > 0)
            request.sent += (size_t)count;
        else
            return count < 0 && (errno == EAGAIN || errno == EINTR);
    }
    return true;
}

/* Of the answer at the front: its length, 0 while that isn't known, -1 when it can't be one. */
static ssize_t answer_length(void) {
    struct fuse_out_header header;
    if (answer.filled < sizeof header)
        return 0;
    memcpy(&header, answer.bytes, sizeof header);
    bool is_legal = header.len >= sizeof header && header.len <= sizeof answer.bytes;
    return is_legal ? (ssize_t)header.len : -1;
}

/*
 * Gives the kernel an answer. One that nobody waits for any more (ENOENT), or that it refuses
 * (EINVAL), is dropped.
 */
static bool give(int fuse, const uint8_t *bytes, size_t count) {
    return write(fuse, bytes, count) >= 0 || errno != ENODEV;
}

/*
 * To a notification (one without a number) the kernel may have to wait for answers that are to come
 * yet: another process, the forgetter, gives it, and the answer after it, which the server had
 * wait for that. Without one (-1) this is the forgetter.
 */
static bool give_or_pass_on(int fuse, int forgetter, size_t length) {
    static bool follows_notification;
    struct fuse_out_header header;
    memcpy(&header, answer.bytes, sizeof header);
    bool is_notification = header.unique == 0;
    if (is_notification && header.error == CHANGES_TELL)
        return write_whole(orders, answer.bytes + sizeof header, length - sizeof header) == 0;
    if (forgetter < 0 || (!is_notification && !follows_notification))
        return give(fuse, answer.bytes, length);
    follows_notification = is_notification;
    return write_whole(forgetter, answer.bytes, length) == 0;
}

/* Gives away what has come whole. */
static bool give_answers(int fuse, int forgetter) {
    ssize_t length;
    while ((length = answer_length()) > 0 && (size_t)length <= answer.filled) {
        if (!give_or_pass_on(fuse, forgetter, (size_t)length))
            return false;
        answer.filled -= (size_t)length;
        memmove(answer.bytes, answer.bytes + length, answer.filled);
    }
    return length >= 0;
}

static bool take_answers(int port, int fuse, int forgetter) {
    for (;;) {
        ssize_t count =
            read(port, answer.bytes + answer.filled, sizeof answer.bytes - answer.filled);
        if (count < 0)
            return errno == EAGAIN || errno == EINTR;
        if (count == 0)
            return false;
        answer.filled += (size_t)count;
        if (!give_answers(fuse, forgetter))
            return false;
        if ((size_t)count < PORT_PIECE)
            return true; /* most likely that was all */
    }
}

/*
 * Until the host has connected, the port hangs up all the time: only its edges tell of a change.
 * There may be none for as long as the machine lives.
 */
static bool wait_for_server(int port) {
    cleanup_close int edges = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
    if (edges < 0 || epoll_ctl(edges, EPOLL_CTL_ADD, port, &event) < 0)
        return false;
    struct pollfd now = {.fd = port, .events = POLLOUT};
    while (poll(&now, 1, 0) >= 0 && (now.revents & POLLHUP) != 0)
        if (epoll_wait(edges, &event, 1, -1) < 0 && errno != EINTR)
            return false;
    return true;
}

static void carry(int fuse, int port, int forgetter) {
    struct pollfd fds[] = {{.fd = fuse}, {.fd = port}, {.fd = dones}};
    make_request(CHANGES_BEGIN);
    for (;;) {
        fds[0].events = fds[2].events = has_request() ? 0 : POLLIN;
        fds[1].events = (short)(POLLIN | (has_request() ? POLLOUT : 0));
        if (poll(fds, 3, -1) < 0) {
            if (errno == EINTR)
                continue;
            return;
        }
        if ((fds[0].revents & POLLERR) != 0)
            return; /* unmounted */
        if ((fds[2].revents & (POLLIN | POLLHUP)) != 0 && !take_done())
            fds[2].fd = -1; /* changes are told no more */
        if (!has_request() && (fds[0].revents & POLLIN) != 0 && !take_request(fuse))
            return;
        if (has_request() && !send_request(port))
            return;
        if ((fds[1].revents & (POLLIN | POLLHUP)) != 0 && !take_answers(port, fuse, forgetter))
            return;
    }
}

/* Gives the kernel what comes by a pipe: at most a lock's answer at a time, after its notification.
 */
static void forget(int fuse, int pipe_end) {
    for (;;) {
        ssize_t count = read(pipe_end, answer.bytes + answer.filled, 4096);
        if (count <= 0)
            return;
        answer.filled += (size_t)count;
        if (!give_answers(fuse, -1))
            return;
    }
}

static void start_hearer(void) {
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
        _exit(1);
    hearer = changes_start(to[0], from[1]);
    close(to[0]);
    close(from[1]);
    orders = to[1];
    dones = from[0];
}

static void run(int fuse, int port) __attribute__((noreturn));

/* All other descriptors are the agent's. */
static void run(int fuse, int port) {
    int fds[2];
    prctl(PR_SET_NAME, "dvm-shares");
    write_file("/proc/self/oom_score_adj", MUST_LIVE);
    if (dup2(fuse, 3) < 0 || dup2(port, 4) < 0 || syscall(SYS_close_range, 5, ~0u, 0) < 0 ||
        fcntl(3, F_SETFL, O_NONBLOCK) < 0 || pipe(fds) < 0)
        _exit(1);
    fcntl(fds[1], F_SETPIPE_SZ, FORGET_PIPE);
    start_hearer();
    pid_t forgetter = fork();
    if (forgetter == 0) {
        close(fds[1]);
        forget(3, fds[0]);
    } else if (forgetter > 0) {
        close(fds[0]);
        if (wait_for_server(4))
            carry(3, 4, fds[1]);
    }
    _exit(0);
}

int share_relay_start(int fuse, int port, struct failure *failure) {
    pid_t pid = fork();
    if (pid == 0) {
        /* out of the way of the two places that they get */
        int away_fuse = fcntl(fuse, F_DUPFD, 10), away_port = fcntl(port, F_DUPFD, 10);
        run(away_fuse, away_port);
    }
    return pid < 0 ? fail_errno(failure, "cannot start the relay of shares") : 0;
}
