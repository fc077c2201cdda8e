#include "first_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "first_life.h"
#include "fork.h"
#include "hand_over.h"

/* -1: it is to have one of its own. */
static int open_ipc_of(pid_t other, int *fd, struct failure *failure) {
    char path[64];
    if (other == 0)
        return 0;
    snprintf(path, sizeof path, "/proc/%d/ns/ipc", other);
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    return *fd < 0 ? fail_errno(failure, "cannot open a container's ipc namespace") : 0;
}

int first_process_make(struct first_process *first, const struct place *place,
                       const struct first_company *company, struct failure *failure) {
    int fds[2];
    cleanup_close int ipc = -1;
    if (open_ipc_of(company->ipc, &ipc, failure) < 0)
        return -1;
    /* what the agent mounts later shows in the waiting process too */
    if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
        return fail_errno(failure, "cannot share the agent's mounts");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return fail_errno(failure, "cannot make a socket");
    pid_t pid =
        company->pid == 0 ? fork_first(place) : fork_into_container(place, company->pid, false);
    if (pid == 0) {
        close(fds[0]);
        first_life(place, fds[1], ipc);
    }
    close(fds[1]);
    *first = (struct first_process){.socket = fds[0], .pid = pid < 0 ? 0 : pid};
    return pid < 0 ? fail_errno(failure, "cannot make the container's first process") : 0;
}

static int tell(struct first_process *first, const struct message *message,
                struct failure *failure) {
    if (first->socket < 0 || hand_over(first->socket, message) < 0)
        return fail(failure, STATUS_INTERNAL,
                    "cannot start the container: its first process has gone");
    return 0;
}

int first_process_enter(struct first_process *first, struct failure *failure) {
    return tell(first, &(struct message){.order = ORDER_ENTER}, failure);
}

int first_process_set_up(struct first_process *first, const uint8_t *bytes, size_t count,
                         bool is_rehearsal, struct failure *failure) {
    const struct message message = {
        .order = ORDER_SET_UP, .bytes = (uint8_t *)bytes, .count = count};
    if (tell(first, &message, failure) < 0)
        return -1;
    first->is_set_up = !is_rehearsal;
    return 0;
}

static int tell_spec(struct first_process *first, enum order order, const struct process_spec *spec,
                     const struct stdio *stdio, struct failure *failure) {
    const struct message message = {.order = order,
                                    .bytes = (uint8_t *)spec->bytes,
                                    .count = spec->byte_count,
                                    .stdio = *stdio};
    return tell(first, &message, failure);
}

int first_process_rehearse(struct first_process *first, const struct process_spec *spec,
                           const struct stdio *stdio, struct failure *failure) {
    return tell_spec(first, ORDER_REHEARSE, spec, stdio, failure);
}

pid_t first_process_start(struct first_process *first, const struct process_spec *spec,
                          const struct stdio *stdio, struct failure *failure) {
    if (!first->is_set_up)
        return fail(failure, STATUS_CONFLICT, "cannot start the container: it is not set up");
    if (tell_spec(first, ORDER_START, spec, stdio, failure) < 0)
        return -1;
    close_and_forget(&first->socket);
    first->is_started = true;
    return first->pid;
}

void first_process_kill(struct first_process *first) {
    if (first->pid > 0)
        kill(first->pid, SIGKILL);
}

void first_process_ended(struct first_process *first) {
    first->pid = 0;
    close_and_forget(&first->socket);
}
