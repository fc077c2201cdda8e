#include "process_signal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

/* Who has not asked for a signal by then is taken for one that never will. */
#define FIRST_MOMENTS_MS 5000
#define LOOK_NS 20000000

static uint64_t bit_of(int number) { return (uint64_t)1 << (number - 1); }

static uint64_t mask_of(const char *status, const char *name) {
    const char *line = strstr(status, name);
    return line == NULL ? 0 : strtoull(line + strlen(name), NULL, 16);
}

/* Signals that do something to it now, if only that they wait for it, or that it wants none of. */
static uint64_t heard_by(pid_t pid) {
    char path[32], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    if (read_file(path, text, sizeof text) < 0)
        return ~(uint64_t)0;
    return mask_of(text, "\nSigBlk:") | mask_of(text, "\nSigIgn:") | mask_of(text, "\nSigCgt:");
}

static bool is_new(const struct process *process) {
    return !process->started || uptime_ms() - process->started_ms < FIRST_MOMENTS_MS;
}

static void send_held(struct process *process, uint64_t signals) {
    process->held &= ~signals;
    for (int number = 1; number <= 64; number++)
        if ((signals & bit_of(number)) != 0)
            kill(process->pid, number);
}

static void look_again(struct source *source, uint32_t events) {
    (void)events;
    struct process *process =
        (struct process *)((char *)source - offsetof(struct process, held_for));
    uint64_t times;
    if (read(source->fd, &times, sizeof times) < 0)
        return;
    send_held(process, is_new(process) ? process->held & heard_by(process->pid) : process->held);
    if (process->held == 0)
        loop_close(source);
}

static int hold(struct process *process, int number) {
    const struct itimerspec often = {.it_interval = {.tv_nsec = LOOK_NS},
                                     .it_value = {.tv_nsec = LOOK_NS}};
    process->held |= bit_of(number);
    if (process->held_for.fd >= 0)
        return 0;
    process->held_for = (struct source){
        .fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC), .ready = look_again};
    if (process->held_for.fd < 0 || timerfd_settime(process->held_for.fd, 0, &often, NULL) < 0) {
        loop_close(&process->held_for);
        return -1;
    }
    loop_watch(&process->held_for, EPOLLIN);
    return 0;
}

/* Those that stop and end the process can't be caught, and SIGCONT goes on whatever is done. */
static bool can_wait(const struct process *process, int number) {
    return process->is_main && number >= 1 && number <= 64 && number != SIGKILL &&
           number != SIGSTOP && number != SIGCONT && is_new(process) &&
           (heard_by(process->pid) & bit_of(number)) == 0;
}

int process_signal(struct process *process, int number, struct failure *failure) {
    if (process->exited)
        return fail(failure, STATUS_CONFLICT, "cannot signal: the process has ended");
    if (can_wait(process, number) && hold(process, number) == 0)
        return 0;
    if (kill(process->pid, number) < 0)
        return fail_errno(failure, "cannot send signal %d", number);
    return 0;
}
