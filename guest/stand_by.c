#include "stand_by.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "container.h"
#include "setup.h"

#define DESCRIPTORS 4

enum kind { ENTER, SET_UP, REHEARSE, START };

/* Goes ahead of each message. */
struct head {
    uint32_t kind;
    uint32_t length;
    int32_t terminal_number;
};

static int channel = -1;
static pid_t waiting;
static bool is_set_up;

static ssize_t read_whole(int fd, void *bytes, size_t count) {
    size_t got = 0;
    while (got < count) {
        ssize_t part = read(fd, (uint8_t *)bytes + got, count - got);
        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return -1;
        got += (size_t)part;
    }
    return (ssize_t)got;
}

static int write_whole(const void *bytes, size_t count) {
    size_t sent = 0;
    while (sent < count) {
        ssize_t part = send(channel, (const uint8_t *)bytes + sent, count - sent, MSG_NOSIGNAL);
        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return -1;
        sent += (size_t)part;
    }
    return 0;
}

/* A message with room for `count` descriptors beside its bytes; both ends fill it in. */
union control {
    struct cmsghdr head;
    uint8_t bytes[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
};

static int send_head(const struct head *head, const struct stdio *stdio) {
    struct iovec bytes = {.iov_base = (void *)head, .iov_len = sizeof *head};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    union control control = {0};
    if (stdio != NULL) {
        int fds[DESCRIPTORS] = {stdio->fds[0], stdio->fds[1], stdio->fds[2], stdio->failure_fd};
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof fds);
        memcpy(CMSG_DATA(&control.head), fds, sizeof fds);
    }
    return sendmsg(channel, &message, MSG_NOSIGNAL) == (ssize_t)sizeof *head ? 0 : -1;
}

/* In the child: one message, which lives as long as the process; NULL: the agent has gone. */
static uint8_t *receive(int fd, struct head *head, struct stdio *stdio) {
    struct iovec bytes = {.iov_base = head, .iov_len = sizeof *head};
    union control control = {0};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t count;
    do
        count = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    while (count < 0 && errno == EINTR);
    if (count != (ssize_t)sizeof *head || head->length > DVM_MESSAGE_MAX)
        return NULL;
    if (head->kind == START || head->kind == REHEARSE) {
        int fds[DESCRIPTORS];
        if (CMSG_FIRSTHDR(&message) == NULL || control.head.cmsg_len != CMSG_LEN(sizeof fds))
            return NULL;
        memcpy(fds, CMSG_DATA(&control.head), sizeof fds);
        *stdio = (struct stdio){{fds[0], fds[1], fds[2]}, fds[3], head->terminal_number};
    }
    uint8_t *text = malloc(head->length + 1);
    return text != NULL && read_whole(fd, text, head->length) >= 0 ? text : NULL;
}

static int configure(const uint8_t *bytes, size_t count, struct failure *failure) {
    struct reader reader;
    struct machine_setup setup = {0};
    if (reader_open(&reader, bytes, count) < 0)
        return fail_errno(failure, "cannot read the set-up");
    setup_read(&reader, &setup);
    container_configure(&setup);
    return 0;
}

static int enter(struct failure *failure) {
    if (enter_root(failure) < 0 || hide_kernel(failure) < 0)
        return -1;
    container.entered = true;
    return 0;
}

static int become_container(const uint8_t *bytes, size_t count, struct stdio *stdio,
                            bool is_rehearsal, struct failure *failure) {
    struct reader reader;
    struct process_spec spec = {.rehearsal = is_rehearsal};
    if (reader_open(&reader, bytes, count) < 0)
        return fail_errno(failure, "cannot read what to start");
    if (process_read_spec(&reader, &spec, failure) < 0)
        return -1;
    container_child(&spec, stdio, !is_rehearsal);
}

/* A start that wasn't rehearsed takes longer, and is none the worse for it. */
static void rehearse(const uint8_t *bytes, size_t count, struct stdio *stdio) {
    struct failure failure;
    pid_t pid = fork();
    if (pid == 0) {
        become_container(bytes, count, stdio, true, &failure);
        _exit(126);
    }
    for (int index = 0; index < 3; index++)
        close_and_forget(&stdio->fds[index]);
    close_and_forget(&stdio->failure_fd);
    if (pid < 0 || waitpid(pid, NULL, 0) < 0)
        complain("cannot rehearse a start: %s", error_text(errno));
}

/* The life of the child. It follows only what the agent has read and checked itself. */
static void stand_by(int fd) {
    struct failure failure;
    int done = container_enter(&failure);
    while (done == 0) {
        struct head head;
        struct stdio stdio;
        uint8_t *bytes = receive(fd, &head, &stdio);
        if (bytes == NULL)
            _exit(126);
        if (head.kind == ENTER)
            done = enter(&failure);
        else if (head.kind == SET_UP)
            done = configure(bytes, head.length, &failure);
        else if (head.kind == REHEARSE)
            rehearse(bytes, head.length, &stdio);
        else
            done = become_container(bytes, head.length, &stdio, false, &failure);
    }
    complain("the container's first process cannot go on: %s", failure.text);
    _exit(126);
}

int stand_by_make(struct failure *failure) {
    int fds[2];
    /* what the agent mounts later shows in the waiting process too */
    if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
        return fail_errno(failure, "cannot share the agent's mounts");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return fail_errno(failure, "cannot make a socket");
    pid_t pid = fork_into_pid_namespace(NULL);
    if (pid == 0) {
        close(fds[0]);
        stand_by(fds[1]);
    }
    close(fds[1]);
    channel = fds[0];
    waiting = pid;
    return pid < 0 ? fail_errno(failure, "cannot make the container's first process") : 0;
}

static int hand_over(enum kind kind, const uint8_t *bytes, size_t count, const struct stdio *stdio,
                     struct failure *failure) {
    struct head head = {.kind = kind,
                        .length = (uint32_t)count,
                        .terminal_number = stdio == NULL ? -1 : stdio->terminal_number};
    if (channel < 0 || send_head(&head, stdio) < 0 || write_whole(bytes, count) < 0)
        return fail(failure, STATUS_INTERNAL,
                    "cannot start the container: its first process has gone");
    return 0;
}

int stand_by_enter(struct failure *failure) {
    return hand_over(ENTER, (const uint8_t *)"", 0, NULL, failure);
}

int stand_by_set_up(const uint8_t *bytes, size_t count, struct failure *failure) {
    if (hand_over(SET_UP, bytes, count, NULL, failure) < 0)
        return -1;
    is_set_up = true;
    return 0;
}

int stand_by_rehearse(const struct process_spec *spec, const struct stdio *stdio,
                      struct failure *failure) {
    is_set_up = false; /* by a rehearsal's SET_UP, which no container shall start with */
    return hand_over(REHEARSE, spec->bytes, spec->byte_count, stdio, failure);
}

pid_t stand_by_start(const struct process_spec *spec, const struct stdio *stdio,
                     struct failure *failure) {
    if (!is_set_up)
        return fail(failure, STATUS_CONFLICT, "cannot start the container: it is not set up");
    if (hand_over(START, spec->bytes, spec->byte_count, stdio, failure) < 0)
        return -1;
    close_and_forget(&channel);
    return waiting;
}

void stand_by_end(void) {
    if (channel >= 0 && waiting > 0)
        kill(waiting, SIGKILL);
}
