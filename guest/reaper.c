#include "reaper.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "execute.h"
#include "seccomp.h"

static void wait_and_forward(pid_t child, const sigset_t *signals) __attribute__((noreturn));

static void wait_and_forward(pid_t child, const sigset_t *signals) {
    for (;;) {
        siginfo_t information;
        int number = sigwaitinfo(signals, &information);
        if (number > 0 && number != SIGCHLD) {
            kill(child, number);
            continue;
        }
        int status;
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
            if (pid == child)
                _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    }
}

int execute_under_reaper(const struct process_spec *spec, const struct system_call_filter *filter,
                         struct failure *failure) {
    sigset_t signals, none;
    sigfillset(&signals);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    pid_t child = fork();
    if (child < 0)
        return fail_errno(failure, "cannot fork");
    if (child == 0) {
        setpgid(0, 0);
        if (spec->tty) { /* TTOU is blocked: this cannot stop us */
            tcsetpgrp(STDIN_FILENO, getpid());
        }
        sigprocmask(SIG_SETMASK, &none, NULL);
        return execute(spec, filter, false, failure);
    }
    /* keep nothing of the agent's: its end of the failure pipe would hide the child's exec */
    for (int target = 0; target < 3; target++)
        close(target);
    syscall(SYS_close_range, 3, ~0u, 0);
    prctl(PR_SET_NAME, "docker-init");
    struct failure ignored; /* its child has told of it */
    seccomp_enter(filter, &ignored);
    wait_and_forward(child, &signals);
}
