#include "settle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

/* Who computes for so long is not waited for. */
#define FIRST_STEPS_MS 1500
#define LOOK_NS 10000000
/* A process sleeps for moments while it begins, too. */
#define LOOKS_DUE 2

#define WAITING_MAX 64

struct waiting {
    struct waiting *next;
    uint16_t type;
    uint32_t id;
    size_t count;
    uint8_t bytes[];
};

static struct waiting *first;
static unsigned waiting_count;
static struct source timer = {.fd = -1};
static void (*handle_again)(uint16_t type, uint32_t id, const uint8_t *bytes, size_t count);

/* The state stands after the name, which may hold anything, in brackets. */
static bool is_asleep(pid_t pid) {
    char path[32], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    const char *end = read_file(path, text, sizeof text) < 0 ? NULL : strrchr(text, ')');
    return end == NULL || strncmp(end, ") S", 3) == 0;
}

void container_settles(struct container *container) {
    container->started_ms = uptime_ms();
    container->looks_left = LOOKS_DUE;
}

bool container_has_settled(struct container *container) {
    if (container->looks_left == 0 || container->first.pid == 0 ||
        uptime_ms() - container->started_ms >= FIRST_STEPS_MS)
        container->looks_left = 0;
    else if (is_asleep(container->first.pid))
        container->looks_left--;
    else
        container->looks_left = LOOKS_DUE;
    return container->looks_left == 0;
}

/* In their order; one that is too early is kept again. */
static void look_again(struct source *source, uint32_t events) {
    (void)events;
    uint64_t times;
    if (read(source->fd, &times, sizeof times) < 0)
        return;
    struct waiting *all = first;
    first = NULL;
    waiting_count = 0;
    while (all != NULL) {
        struct waiting *one = all;
        all = one->next;
        handle_again(one->type, one->id, one->bytes, one->count);
        free(one);
    }
    if (first == NULL)
        loop_close(&timer);
}

static bool begin_looking(void) {
    const struct itimerspec often = {.it_interval = {.tv_nsec = LOOK_NS},
                                     .it_value = {.tv_nsec = LOOK_NS}};
    if (timer.fd >= 0)
        return true;
    timer = (struct source){.fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC),
                            .ready = look_again};
    if (timer.fd < 0 || timerfd_settime(timer.fd, 0, &often, NULL) < 0) {
        loop_close(&timer);
        return false;
    }
    loop_watch(&timer, EPOLLIN);
    return true;
}

bool settle_later(uint16_t type, uint32_t id, const uint8_t *bytes, size_t count) {
    struct waiting *waiting =
        waiting_count < WAITING_MAX && begin_looking() ? malloc(sizeof *waiting + count) : NULL;
    if (waiting == NULL)
        return false;
    *waiting = (struct waiting){.type = type, .id = id, .count = count};
    memcpy(waiting->bytes, bytes, count);
    struct waiting **end = &first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = waiting;
    waiting_count++;
    return true;
}

void settle_open(void (*handle)(uint16_t type, uint32_t id, const uint8_t *bytes, size_t count)) {
    handle_again = handle;
}

void settle_detach(void) {
    while (first != NULL) {
        struct waiting *one = first;
        first = one->next;
        free(one);
    }
    waiting_count = 0;
    loop_close(&timer);
}
