#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

/* The machine's own, to return to. */
static int home = -1;

static int open_own(void) { return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC); }

int namespace_make(struct namespace *namespace, struct failure *failure) {
    *namespace = (struct namespace){.is_other = true, .descriptor = -1};
    if (home < 0)
        home = open_own();
    if (home < 0 && errno == ENOENT)
        return fail(failure, STATUS_UNSUPPORTED,
                    "cannot make a network namespace: the kernel has none");
    if (home < 0 || unshare(CLONE_NEWNET) < 0)
        return fail_errno(failure, "cannot make a network namespace");
    namespace->descriptor = open_own();
    int result =
        namespace->descriptor < 0 ? fail_errno(failure, "cannot open a network namespace") : 0;
    namespace_leave(namespace);
    return result;
}

void namespace_close(struct namespace *namespace) { close_and_forget(&namespace->descriptor); }

int namespace_target(const struct namespace *namespace) {
    return namespace->is_other ? namespace->descriptor : home;
}

int namespace_enter(const struct namespace *namespace, struct failure *failure) {
    if (namespace->is_other && setns(namespace->descriptor, CLONE_NEWNET) < 0)
        return fail_errno(failure, "cannot enter a network namespace");
    return 0;
}

void namespace_leave(const struct namespace *namespace) {
    if (namespace->is_other && setns(home, CLONE_NEWNET) < 0)
        give_up("cannot return to the machine's network namespace: %s", error_text(errno));
}
