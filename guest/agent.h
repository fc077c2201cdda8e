#ifndef DVM_AGENT_H
#define DVM_AGENT_H

/* What all files of the agent share: failures, cleanup, the event loop. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "protocol.h"

/* Why a request failed, in words for the person who asked. Fits a pipe's atomic write. */
struct failure {
    uint16_t status;
    char text[1022];
};

/* Convention: what may fail returns -1 after filling its last argument by one of these two. */
int fail(struct failure *failure, uint16_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As fail(), status by errno, with ": reason" added. */
int fail_errno(struct failure *failure, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The reason for an errno in lower case, as Go programs print it. */
const char *error_text(int number);

/* Says it on the console. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says it and ends the machine. */
void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#define cleanup_close __attribute__((cleanup(close_and_forget)))
#define cleanup_free __attribute__((cleanup(free_pointer)))

static inline void close_and_forget(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}
void free_pointer(void *pointer);

/* Reads a small file as a C string; -1 with errno. */
int read_file(const char *path, char *text, size_t room);
/* Writes all of it, however often it takes; -1 with errno. */
int write_whole(int fd, const uint8_t *bytes, size_t count);
/* Writes to an existing file of /proc, /sys or a cgroup; -1 with errno. */
int write_file(const char *path, const char *text);
/* Since boot. */
uint64_t uptime_ns(void);
uint64_t uptime_ms(void);
/* Calls `ready` every two milliseconds until it says true; false after `limit_ms`. */
bool wait_until(bool (*ready)(const void *), const void *argument, int limit_ms);

/* A file descriptor in the event loop. `ready` may free it. */
struct source {
    int fd;
    uint32_t watched; /* 0: not in the loop */
    void (*ready)(struct source *source, uint32_t events);
};

void loop_open(void);
/* Watches source->fd for `events`; 0 takes it out of the loop. */
void loop_watch(struct source *source, uint32_t events);
/* Takes it out of the loop and closes its descriptor. */
void loop_close(struct source *source);
/* Runs until the machine ends; calls `idle` after each event. */
void loop_run(void (*idle)(void)) __attribute__((noreturn));

#endif
