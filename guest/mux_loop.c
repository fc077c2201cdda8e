#include "mux_loop.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 64

static int loop = -1;
static struct mux_source *gone;

int mux_loop_open(void) {
    loop = epoll_create1(EPOLL_CLOEXEC);
    return loop < 0 ? -1 : 0;
}

int mux_watch(struct mux_source *source, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = source};
    return epoll_ctl(loop, EPOLL_CTL_ADD, source->fd, &event);
}

void mux_watch_again(struct mux_source *source, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = source};
    epoll_ctl(loop, EPOLL_CTL_MOD, source->fd, &event);
}

void mux_drop(struct mux_source *source) {
    if (source->is_gone)
        return;
    source->is_gone = true;
    if (source->fd >= 0)
        close(source->fd);
    source->fd = -1;
    source->next_gone = gone;
    gone = source;
}

static void free_gone(void) {
    while (gone != NULL) {
        struct mux_source *source = gone;
        gone = source->next_gone;
        free(source);
    }
}

void mux_loop_turn(int limit_ms) {
    struct epoll_event events[EVENTS_AT_ONCE];
    free_gone();
    int count = epoll_wait(loop, events, EVENTS_AT_ONCE, limit_ms);
    for (int index = 0; index < count; index++) {
        struct mux_source *source = events[index].data.ptr;
        if (!source->is_gone)
            source->ready(source, events[index].events);
    }
    free_gone();
}
