#include "machine.h"

#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timex.h>
#include <time.h>

#ifndef RNDRESEEDCRNG
#define RNDRESEEDCRNG _IO('R', 0x07)
#endif

/* Programs see a jump from here on; what is less is made up for at half a millisecond a second. */
#define JUMP_NS 20000000u

static int set_clock(uint64_t instant_ns, uint64_t wall_clock_ns, struct failure *failure) {
    uint64_t wall_clock = wall_clock_ns + (uptime_ns() - instant_ns);
    struct timespec now = {.tv_sec = (time_t)(wall_clock / 1000000000),
                           .tv_nsec = (long)(wall_clock % 1000000000)};
    return clock_settime(CLOCK_REALTIME, &now) < 0 ? fail_errno(failure, "cannot set the clock")
                                                   : 0;
}

/* How far the wall clock is behind, in two's complement. */
static uint64_t behind_ns(const struct clock_setting *setting) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t shown = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    return setting->wall_clock_ns + (uptime_ns() - setting->instant_ns) - shown;
}

static int slew_clock(int64_t behind, struct failure *failure) {
    struct timex change = {.modes = ADJ_OFFSET_SINGLESHOT, .offset = (long)(behind / 1000)};
    return adjtimex(&change) < 0 ? fail_errno(failure, "cannot adjust the clock") : 0;
}

int machine_correct_clock(const struct clock_setting *setting, uint64_t *behind,
                          struct failure *failure) {
    *behind = behind_ns(setting);
    bool is_ahead = *behind >> 63;
    uint64_t distance = is_ahead ? -*behind : *behind;
    if (distance <= setting->doubt_ns)
        return 0;
    if (distance < JUMP_NS)
        return slew_clock((int64_t)*behind, failure);
    return set_clock(setting->instant_ns, setting->wall_clock_ns, failure);
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
    return set_clock(setup->clock_instant_ns, setup->wall_clock_ns, failure);
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
