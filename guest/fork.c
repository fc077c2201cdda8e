#include "fork.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "agent.h"
#include "cgroup.h"

static int go_to_namespace_of(pid_t first) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/pid", first);
    cleanup_close int theirs = open(path, O_RDONLY | O_CLOEXEC);
    return theirs < 0 ? -1 : setns(theirs, CLONE_NEWPID);
}

/* `other`: 0 is a new namespace; `first`: the container's own process, whose cgroup may be another
 */
static pid_t fork_elsewhere(const struct place *place, pid_t other, pid_t first) {
    cleanup_close int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    if (own < 0 || (other == 0 ? unshare(CLONE_NEWPID) : go_to_namespace_of(other)) < 0)
        return -1;
    pid_t pid = cgroup_fork(place, first);
    int number = errno;
    if (pid != 0 && setns(own, CLONE_NEWPID) < 0)
        give_up("cannot return to the agent's pid namespace: %s", error_text(errno));
    errno = number;
    return pid;
}

pid_t fork_into_container(const struct place *place, pid_t other, bool is_own) {
    return fork_elsewhere(place, other, is_own ? other : 0);
}

pid_t fork_first(const struct place *place) { return fork_elsewhere(place, 0, 0); }
