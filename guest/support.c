#include "agent.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/reboot.h>
#include <time.h>

int fail(struct failure *failure, uint16_t status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    failure->status = status;
    vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
    return -1;
}

const char *error_text(int number) {
    static char text[128];
    /* where musl has words of its own */
    if (number == ELOOP)
        return "too many levels of symbolic links";
    if (number == ENAMETOOLONG)
        return "file name too long";
    snprintf(text, sizeof text, "%s", strerror(number));
    if (text[0] != 0 && islower((unsigned char)text[1]))
        text[0] = (char)tolower((unsigned char)text[0]);
    return text;
}

static uint16_t status_of_errno(int number) {
    switch (number) {
    case ENOENT:
        return STATUS_NOT_FOUND;
    case ENOSPC:
        return STATUS_NO_SPACE;
    case EINVAL:
    case ENAMETOOLONG:
    case ENOTDIR:
        return STATUS_INVALID;
    case ENODEV:
    case ENOSYS:
        return STATUS_UNSUPPORTED;
    default:
        return STATUS_UNAVAILABLE;
    }
}

int fail_errno(struct failure *failure, const char *format, ...) {
    int number = errno;
    va_list arguments;
    va_start(arguments, format);
    failure->status = status_of_errno(number);
    int used = vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
    if (used >= 0 && (size_t)used < sizeof failure->text)
        snprintf(failure->text + used, sizeof failure->text - (size_t)used, ": %s",
                 error_text(number));
    return -1;
}

void complain(const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (used > (int)sizeof text - 1)
        used = sizeof text - 1;
    dprintf(STDERR_FILENO, "dvm agent: %.*s\n", used, text);
}

void give_up(const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    complain("%s; the machine ends", text);
    sync();
    reboot(RB_AUTOBOOT);
    for (;;)
        pause();
}

void free_pointer(void *pointer) { free(*(void **)pointer); }

int read_file(const char *path, char *text, size_t room) {
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t used = 0;
    while (used + 1 < room) {
        ssize_t count = read(fd, text + used, room - 1 - used);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        used += (size_t)count;
    }
    text[used] = 0;
    return (int)used;
}

int write_whole(int fd, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        ssize_t part = write(fd, bytes, count);
        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return -1;
        bytes += part;
        count -= (size_t)part;
    }
    return 0;
}

int write_file(const char *path, const char *text) {
    cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t count = strlen(text);
    return write(fd, text, count) == (ssize_t)count ? 0 : -1;
}

uint64_t uptime_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t uptime_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool wait_until(bool (*ready)(const void *), const void *argument, int limit_ms) {
    uint64_t deadline = uptime_ms() + (uint64_t)limit_ms;
    while (!ready(argument)) {
        if (uptime_ms() >= deadline)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    return true;
}

static int loop = -1;

void loop_open(void) {
    loop = epoll_create1(EPOLL_CLOEXEC);
    if (loop < 0)
        give_up("cannot make an event loop: %s", strerror(errno));
}

void loop_watch(struct source *source, uint32_t events) {
    if (events == source->watched)
        return;
    int action = EPOLL_CTL_MOD;
    if (source->watched == 0)
        action = EPOLL_CTL_ADD;
    else if (events == 0)
        action = EPOLL_CTL_DEL;
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(loop, action, source->fd, &event) < 0)
        complain("cannot watch descriptor %d: %s", source->fd, strerror(errno));
    source->watched = events;
}

void loop_close(struct source *source) {
    if (source->fd < 0)
        return;
    loop_watch(source, 0);
    close(source->fd);
    source->fd = -1;
}

void loop_run(void (*idle)(void)) {
    for (;;) {
        /* one at a time: a handler may free the source of another event */
        struct epoll_event event;
        int count = epoll_wait(loop, &event, 1, -1);
        if (count == 1) {
            struct source *source = event.data.ptr;
            source->ready(source, event.events);
        } else if (count < 0 && errno != EINTR) {
            give_up("cannot wait for events: %s", strerror(errno));
        }
        idle();
    }
}
