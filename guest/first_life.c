#include "first_life.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "child.h"
#include "execute.h"
#include "hand_over.h"
#include "reaper.h"
#include "root_view.h"

#define OWN_SOCKET 3

/* Whatever else the agent has open is other containers', who wait for its end. */
static int keep_only(int socket, struct failure *failure) {
    if (dup2(socket, OWN_SOCKET) < 0 || syscall(SYS_close_range, OWN_SOCKET + 1, ~0u, 0) < 0)
        return fail_errno(failure, "cannot let go of the agent's descriptors");
    return 0;
}

/* Namespaces that see what the agent mounts later. */
static int make_namespaces(int ipc, struct failure *failure) {
    if (ipc >= 0 && setns(ipc, CLONE_NEWIPC) < 0)
        return fail_errno(failure, "cannot share a container's ipc namespace");
    int own_ipc = ipc < 0 ? CLONE_NEWIPC : 0;
    if (unshare(CLONE_NEWNS | CLONE_NEWUTS | own_ipc | CLONE_NEWCGROUP) < 0)
        return fail_errno(failure, "cannot make the container's namespaces");
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return fail_errno(failure, "cannot separate the container's mounts");
    return 0;
}

static int enter(struct root_view *view, struct failure *failure) {
    if (root_view_enter(view, failure) < 0 || root_view_hide_kernel(view, failure) < 0)
        return -1;
    view->is_entered = true;
    return 0;
}

static int configure(struct root_view *view, const struct message *message,
                     struct failure *failure) {
    struct reader reader; /* lives as long as the process: the set-up's words are in it */
    if (reader_open(&reader, message->bytes, message->count) < 0)
        return fail_errno(failure, "cannot read the set-up");
    setup_read_container(&reader, &view->setup);
    return 0;
}

static int set_names(const struct container_setup *setup, struct failure *failure) {
    if (sethostname(setup->hostname, strlen(setup->hostname)) < 0)
        return fail_errno(failure, "cannot set host name \"%s\"", setup->hostname);
    /* who asks for none keeps the kernel's "(none)" */
    if (setup->domainname[0] != 0 &&
        setdomainname(setup->domainname, strlen(setup->domainname)) < 0)
        return fail_errno(failure, "cannot set domain name \"%s\"", setup->domainname);
    return 0;
}

static int become(const struct root_view *view, const struct message *message, bool is_rehearsal,
                  struct failure *failure) {
    struct reader reader;
    struct process_spec spec;
    const struct system_call_filter *filter = &view->setup.confinement.filter;
    if (reader_open(&reader, message->bytes, message->count) < 0)
        return fail_errno(failure, "cannot read what to start");
    process_spec_read(&reader, &spec);
    if (set_names(&view->setup, failure) < 0 ||
        child_take_stdio(&message->stdio, spec.tty, failure) < 0)
        return -1;
    if (is_rehearsal)
        return execute(&spec, filter, true, failure);
    if ((!view->is_entered && root_view_enter(view, failure) < 0) ||
        execute_make_folder(&spec, failure) < 0 ||
        root_view_finish(view, spec.tty ? message->stdio.terminal_number : -1, failure) < 0)
        return -1;
    return spec.reaper ? execute_under_reaper(&spec, filter, failure)
                       : execute(&spec, filter, false, failure);
}

static void become_or_fail(const struct root_view *view, const struct message *message,
                           bool is_rehearsal) {
    struct failure failure = {.status = STATUS_INTERNAL};
    become(view, message, is_rehearsal, &failure);
    child_fail(&message->stdio, &failure);
}

/* A start that wasn't rehearsed takes longer, and is none the worse for it. */
static void rehearse(const struct root_view *view, struct message *message) {
    pid_t pid = fork();
    if (pid == 0)
        become_or_fail(view, message, true);
    stdio_close(&message->stdio);
    if (pid < 0 || waitpid(pid, NULL, 0) < 0)
        complain("cannot rehearse a start: %s", error_text(errno));
}

static int follow(struct root_view *view, struct message *message, struct failure *failure) {
    switch (message->order) {
    case ORDER_ENTER:
        return enter(view, failure);
    case ORDER_SET_UP:
        return configure(view, message, failure);
    case ORDER_REHEARSE:
        rehearse(view, message);
        return 0;
    case ORDER_START:
        become_or_fail(view, message, false);
    }
    return 0;
}

/* It follows only what the agent has read and checked itself. */
void first_life(const struct place *place, int socket, int ipc) {
    struct failure failure;
    struct root_view view = {.place = place};
    child_reset_signals();
    int done = make_namespaces(ipc, &failure) < 0 ? -1 : keep_only(socket, &failure);
    while (done == 0) {
        struct message message;
        if (take_over(OWN_SOCKET, &message) < 0)
            _exit(126);
        done = follow(&view, &message, &failure);
    }
    complain("the container's first process cannot go on: %s", failure.text);
    _exit(126);
}
