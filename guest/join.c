#include "join.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "child.h"
#include "execute.h"
#include "fork.h"
#include "limits.h"

static int join_namespaces(const struct joined *joined, struct failure *failure) {
    static const struct {
        const char *name;
        int kind;
    } kinds[] = {{"uts", CLONE_NEWUTS},
                 {"ipc", CLONE_NEWIPC},
                 {"cgroup", CLONE_NEWCGROUP},
                 {"mnt", CLONE_NEWNS}};
    int fds[4];
    for (size_t index = 0; index < 4; index++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/ns/%s", joined->first, kinds[index].name);
        fds[index] = open(path, O_RDONLY | O_CLOEXEC);
        if (fds[index] < 0)
            return fail(failure, STATUS_CONFLICT, "cannot exec: the container has ended");
    }
    if (joined->network >= 0 && setns(joined->network, CLONE_NEWNET) < 0)
        return fail_errno(failure, "cannot join the container's network namespace");
    for (size_t index = 0; index < 4; index++)
        if (setns(fds[index], kinds[index].kind) < 0)
            return fail_errno(failure, "cannot join the container's %s namespace",
                              kinds[index].name);
    return 0;
}

static int become(const struct joined *joined, const struct process_spec *spec,
                  const struct stdio *stdio, struct failure *failure) {
    child_reset_signals();
    if (join_namespaces(joined, failure) < 0 || child_take_stdio(stdio, spec->tty, failure) < 0)
        return -1;
    return execute(spec, joined->filter, false, failure);
}

pid_t join_container(const struct joined *joined, const struct process_spec *spec,
                     const struct stdio *stdio, struct failure *failure) {
    cpu_set_t processors; /* asked for here: the child knows its first process by another number */
    bool binds = limits_bind(joined->place, joined->first, &processors);
    pid_t pid = fork_into_container(joined->place, joined->first, true);
    if (pid == 0) {
        struct failure reason = {.status = STATUS_INTERNAL};
        if (binds)
            sched_setaffinity(0, sizeof processors, &processors);
        become(joined, spec, stdio, &reason);
        child_fail(stdio, &reason);
    }
    return pid < 0 ? fail_errno(failure, "cannot start a process") : pid;
}
