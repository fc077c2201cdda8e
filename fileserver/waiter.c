#include "waiter.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WAKE_SIGNAL SIGUSR1

struct waiter {
    struct waiter *next;
    uint64_t unique;
    int thread; /* 0: it doesn't wait */
    bool is_interrupted, has_timer;
    int timer;
};

static struct waiter *waiters;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void wake(int signal) { (void)signal; }

void waiters_start(void) {
    struct sigaction action = {.sa_handler = wake};
    sigaction(WAKE_SIGNAL, &action, NULL);
}

struct waiter *waiter_new(uint64_t unique) {
    struct waiter *waiter = calloc(1, sizeof *waiter);
    if (waiter == NULL)
        return NULL;
    waiter->unique = unique;
    pthread_mutex_lock(&lock);
    waiter->next = waiters;
    waiters = waiter;
    pthread_mutex_unlock(&lock);
    return waiter;
}

void waiter_free(struct waiter *waiter) {
    pthread_mutex_lock(&lock);
    struct waiter **at = &waiters;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
    pthread_mutex_unlock(&lock);
    free(waiter);
}

int waiter_begin(struct waiter *waiter) {
    pthread_mutex_lock(&lock);
    waiter->thread = (int)syscall(SYS_gettid);
    int result = waiter->is_interrupted ? -EINTR : 0;
    pthread_mutex_unlock(&lock);
    return result;
}

void waiter_end(struct waiter *waiter) {
    pthread_mutex_lock(&lock);
    waiter->thread = 0;
    if (waiter->has_timer)
        syscall(SYS_timer_delete, waiter->timer);
    waiter->has_timer = false;
    pthread_mutex_unlock(&lock);
}

/*
 * The kernel's sigevent, as some C libraries don't name its thread. The signal comes again and
 * again until the wait has ended, since a first one may come just before it begins.
 */
static void signal_repeatedly(struct waiter *waiter) {
    struct {
        void *value;
        int signal, notify, thread;
        char rest[44];
    } event = {.signal = WAKE_SIGNAL, .notify = 4 /* SIGEV_THREAD_ID */, .thread = waiter->thread};
    struct itimerspec often = {.it_value = {.tv_nsec = 100000},
                               .it_interval = {.tv_nsec = 5000000}};
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &waiter->timer) < 0)
        return;
    waiter->has_timer = true;
    syscall(SYS_timer_settime, waiter->timer, 0, &often, NULL);
}

void waiter_interrupt(uint64_t unique) {
    pthread_mutex_lock(&lock);
    struct waiter *waiter = waiters;
    while (waiter != NULL && waiter->unique != unique)
        waiter = waiter->next;
    if (waiter != NULL && !waiter->is_interrupted) {
        waiter->is_interrupted = true;
        if (waiter->thread != 0)
            signal_repeatedly(waiter);
    }
    pthread_mutex_unlock(&lock);
}
