#include "fresh.h"

#include <pthread.h>
#include <time.h>

#define TICK_NS 50000000 /* longer than any tick of a file system's clock */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t nanoseconds(struct timespec time) {
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

bool fresh_must_forget(struct node *node) {
    struct stat status;
    struct timespec now;
    if (node->type != S_IFREG || fstat(node->fd, &status) < 0)
        return false;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t time = nanoseconds(status.st_mtim), age = nanoseconds(now) - time;
    pthread_mutex_lock(&lock);
    bool is_known =
        node->forgot_time != 0 && node->forgot_time == time && node->forgot_size == status.st_size;
    /* what is written in this tick shows no other time */
    node->forgot_time = age > TICK_NS ? time : 0;
    node->forgot_size = status.st_size;
    pthread_mutex_unlock(&lock);
    return !is_known;
}
