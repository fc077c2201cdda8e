#ifndef DVM_MUX_LOOP_H
#define DVM_MUX_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* An event loop in which whatever is watched may be dropped at any time. */

struct mux_source {
    int fd;
    void (*ready)(struct mux_source *source, uint32_t events);
    bool is_gone;
    struct mux_source *next_gone;
};

/* -1 with errno. */
int mux_loop_open(void);
/* Tells of `events` as epoll(7) does. -1 with errno. */
int mux_watch(struct mux_source *source, uint32_t events);
/* As before, and tells anew of what is so already: for EPOLLET. */
void mux_watch_again(struct mux_source *source, uint32_t events);
/* Closes its descriptor at once, and frees it when nobody can have it in his hands any more. */
void mux_drop(struct mux_source *source);
/* Waits at most `limit_ms` (-1: for ever), and tells of what has happened. */
void mux_loop_turn(int limit_ms);

#endif
