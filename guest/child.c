#include "child.h"

#include <signal.h>
#include <sys/ioctl.h>

void child_reset_signals(void) {
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int child_take_stdio(const struct stdio *stdio, bool tty, struct failure *failure) {
    setsid();
    for (int target = 0; target < 3; target++)
        if (dup2(stdio->fds[target], target) < 0)
            return fail_errno(failure, "cannot set descriptor %d", target);
    if (tty && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
        return fail_errno(failure, "cannot take the terminal");
    return 0;
}

void child_fail(const struct stdio *stdio, const struct failure *failure) {
    ssize_t said = write(stdio->failure_fd, failure, sizeof *failure);
    _exit(said > 0 ? 127 : 126);
}
