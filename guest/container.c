#include "container.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "setup.h"

struct container_setup container = {.hostname = "", .domainname = ""};

int container_open_namespace(const char *name) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", main_process_pid(), name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

bool container_ran_out_of_memory(void) {
    static unsigned long told;
    char text[512];
    if (read_file(CONTAINER_CGROUP "/memory.events", text, sizeof text) < 0)
        return false;
    const char *line = strstr(text, "oom_kill ");
    unsigned long kills = line == NULL ? 0 : strtoul(line + strlen("oom_kill "), NULL, 10);
    bool news = kills > told;
    told = kills;
    return news;
}

void container_configure(const struct machine_setup *setup) {
    container.hostname = setup->hostname;
    container.domainname = setup->domainname;
    container.read_only_root = setup->read_only_root;
    container.privileged = setup->privileged;
    container.sysctls = setup->sysctls;
    for (size_t index = 0; index < setup->mount_count; index++)
        if (strcmp(setup->mounts[index].target, "/sys/fs/cgroup") == 0)
            container.owns_cgroup_mount = true;
}

static void reset_signals(void) {
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int container_enter(struct failure *failure) {
    reset_signals();
    if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP) < 0)
        return fail_errno(failure, "cannot make the container's namespaces");
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return fail_errno(failure, "cannot separate the container's mounts");
    return 0;
}

static int set_names(struct failure *failure) {
    if (sethostname(container.hostname, strlen(container.hostname)) < 0)
        return fail_errno(failure, "cannot set host name \"%s\"", container.hostname);
    if (setdomainname(container.domainname, strlen(container.domainname)) < 0)
        return fail_errno(failure, "cannot set domain name \"%s\"", container.domainname);
    return 0;
}

static int join_namespaces(struct failure *failure) {
    static const struct {
        const char *name;
        int kind;
    } kinds[] = {{"uts", CLONE_NEWUTS},
                 {"ipc", CLONE_NEWIPC},
                 {"cgroup", CLONE_NEWCGROUP},
                 {"mnt", CLONE_NEWNS}};
    int fds[4];
    for (size_t index = 0; index < 4; index++) {
        fds[index] = container_open_namespace(kinds[index].name);
        if (fds[index] < 0)
            return fail(failure, STATUS_CONFLICT, "cannot exec: the container has ended");
    }
    for (size_t index = 0; index < 4; index++)
        if (setns(fds[index], kinds[index].kind) < 0)
            return fail_errno(failure, "cannot join the container's %s namespace",
                              kinds[index].name);
    return 0;
}

/* A further process joins what the first one made. */
static int container_join(struct failure *failure) {
    reset_signals();
    return join_namespaces(failure);
}

static int take_stdio(struct stdio *stdio, bool tty, struct failure *failure) {
    setsid();
    for (int target = 0; target < 3; target++)
        if (dup2(stdio->fds[target], target) < 0)
            return fail_errno(failure, "cannot set descriptor %d", target);
    if (tty && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
        return fail_errno(failure, "cannot take the terminal");
    return 0;
}

static int become(const struct process_spec *spec, struct stdio *stdio, bool is_main,
                  struct failure *failure) {
    bool is_first = is_main || spec->rehearsal;
    if ((is_first ? set_names(failure) : container_join(failure)) < 0)
        return -1;
    if (take_stdio(stdio, spec->tty, failure) < 0)
        return -1;
    if (is_main && ((!container.entered && enter_root(failure) < 0) ||
                    finish_root(stdio, spec->tty, failure) < 0))
        return -1;
    if (is_main && spec->reaper)
        return execute_under_reaper(spec, stdio, failure);
    return execute(spec, stdio, failure);
}

void container_child(const struct process_spec *spec, struct stdio *stdio, bool is_main) {
    struct failure failure = {.status = STATUS_INTERNAL};
    become(spec, stdio, is_main, &failure);
    ssize_t said = write(stdio->failure_fd, &failure, sizeof failure);
    _exit(said > 0 ? 127 : 126);
}
