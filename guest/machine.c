#include "machine.h"

#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#ifndef RNDRESEEDCRNG
#define RNDRESEEDCRNG _IO('R', 0x07)
#endif

static int set_clock(const struct machine_setup *setup, struct failure *failure) {
    uint64_t wall_clock = setup->wall_clock_ns + (uptime_ns() - setup->clock_instant_ns);
    struct timespec now = {.tv_sec = (time_t)(wall_clock / 1000000000),
                           .tv_nsec = (long)(wall_clock % 1000000000)};
    return clock_settime(CLOCK_REALTIME, &now) < 0 ? fail_errno(failure, "cannot set the clock")
                                                   : 0;
}

/* Mixes the host's entropy in, counts it, and makes the generator use it at once. */
static int add_entropy(const uint8_t *bytes, size_t count, struct failure *failure) {
    struct {
        struct rand_pool_info head;
        uint8_t bytes[256];
    } pool;
    if (count < 32 || count > sizeof pool.bytes)
        return fail(failure, STATUS_INVALID, "cannot take %zu bytes of entropy: 32 to 256 are due",
                    count);
    static int fd = -1; /* stays open: a machine that has rehearsed need not open it again */
    if (fd < 0)
        fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
    pool.head.entropy_count = (int)count * 8;
    pool.head.buf_size = (int)count;
    memcpy((uint8_t *)&pool + offsetof(struct rand_pool_info, buf), bytes, count);
    if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0)
        return fail_errno(failure, "cannot add entropy");
    return 0;
}

int machine_apply(const struct machine_setup *setup, struct failure *failure) {
    if (add_entropy(setup->entropy, setup->entropy_count, failure) < 0)
        return -1;
    return set_clock(setup, failure);
}

static bool is_set_up;

int machine_set_up(const struct machine_setup *setup, struct failure *failure) {
    if (is_set_up)
        return fail(failure, STATUS_CONFLICT, "cannot set the machine up: it was done already");
    if (machine_apply(setup, failure) < 0)
        return -1;
    is_set_up = true;
    return 0;
}

bool machine_is_set_up(void) { return is_set_up; }
