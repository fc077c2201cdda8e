#include "stdio_pair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/* `reader` and `writer` get the ends of a pipe. */
static int make_pipe(int *reader, int *writer) {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -1;
    *reader = fds[0];
    *writer = fds[1];
    return 0;
}

static int open_terminal(struct stdio_pair *pair, const struct process_spec *spec,
                         const char *root) {
    char path[96];
    snprintf(path, sizeof path, "%s/dev/pts/ptmx", root);
    int master = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    pair->agent[1] = master;
    int unlock = 0;
    struct winsize size = {.ws_row = (uint16_t)spec->rows, .ws_col = (uint16_t)spec->columns};
    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0 ||
        ioctl(master, TIOCGPTN, &pair->child.terminal_number) < 0 ||
        ioctl(master, TIOCSWINSZ, &size) < 0)
        return -1;
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return -1;
    pair->child.fds[0] = slave;
    pair->child.fds[1] = fcntl(slave, F_DUPFD_CLOEXEC, 3);
    pair->child.fds[2] = fcntl(slave, F_DUPFD_CLOEXEC, 3);
    set_nonblocking(master);
    /* a descriptor stands in the event loop once: reading and writing need one each */
    if (spec->wants_stdin)
        pair->agent[0] = fcntl(master, F_DUPFD_CLOEXEC, 3);
    return 0;
}

static int open_pipes(struct stdio_pair *pair, const struct process_spec *spec) {
    if (spec->wants_stdin) {
        if (make_pipe(&pair->child.fds[0], &pair->agent[0]) < 0)
            return -1;
        set_nonblocking(pair->agent[0]);
    } else {
        pair->child.fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (pair->child.fds[0] < 0)
            return -1;
    }
    for (int index = 1; index < 3; index++) {
        if (make_pipe(&pair->agent[index], &pair->child.fds[index]) < 0)
            return -1;
        set_nonblocking(pair->agent[index]);
    }
    return 0;
}

int stdio_pair_open(struct stdio_pair *pair, const struct process_spec *spec, const char *root,
                    struct failure *failure) {
    *pair = STDIO_PAIR_NONE;
    if (make_pipe(&pair->failure_read, &pair->child.failure_fd) < 0)
        return fail_errno(failure, "cannot make a pipe");
    set_nonblocking(pair->failure_read);
    if (spec->tty && open_terminal(pair, spec, root) < 0)
        return fail_errno(failure, "cannot make a terminal");
    if (!spec->tty && open_pipes(pair, spec) < 0)
        return fail_errno(failure, "cannot make pipes");
    return 0;
}

void stdio_close(struct stdio *stdio) {
    for (int index = 0; index < 3; index++)
        close_and_forget(&stdio->fds[index]);
    close_and_forget(&stdio->failure_fd);
}

void stdio_pair_close(struct stdio_pair *pair) {
    for (int index = 0; index < 3; index++)
        close_and_forget(&pair->agent[index]);
    close_and_forget(&pair->failure_read);
    stdio_close(&pair->child);
}

enum telling failure_take(struct source *source, struct failure *failure) {
    ssize_t count = read(source->fd, failure, sizeof *failure);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return TELLING_LATER;
    loop_close(source);
    if (count != (ssize_t)sizeof *failure)
        return TELLING_NOTHING;
    failure->text[sizeof failure->text - 1] = 0;
    return TELLING_FAILURE;
}
