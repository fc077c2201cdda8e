#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "container.h"
#include "network.h"
#include "process.h"
#include "stand_by.h"

#ifndef RNDRESEEDCRNG
#define RNDRESEEDCRNG _IO('R', 0x07)
#endif

static void read_network(struct reader *reader, struct network_setup *network) {
    size_t count;
    network->address = network->gateway = network->mac = "";
    if (read_u8(reader) == 0)
        return;
    network->address = read_string(reader);
    network->gateway = read_string(reader);
    network->mac = read_string(reader);
    network->nameservers = read_strings(reader, &count);
    network->search = read_strings(reader, &count);
    network->options = read_strings(reader, &count);
}

static void read_mounts(struct reader *reader, struct machine_setup *setup) {
    size_t count = read_u32(reader);
    if (count > 256)
        reader->bad = true;
    setup->mounts = reader_allocate(reader, count, sizeof *setup->mounts);
    for (size_t index = 0; index < count && !reader->bad; index++) {
        struct guest_mount *mount = &setup->mounts[index];
        mount->kind = read_u8(reader);
        mount->tag = read_string(reader);
        mount->source = read_string(reader);
        mount->target = read_string(reader);
        mount->file = read_string(reader);
        mount->options = read_string(reader);
        mount->read_only = read_u8(reader) != 0;
        mount->populate = read_u8(reader) != 0;
        setup->mount_count++;
    }
}

void setup_read(struct reader *reader, struct machine_setup *setup) {
    size_t count;
    setup->hostname = read_string(reader);
    setup->domainname = read_string(reader);
    setup->machine_id = read_string(reader);
    setup->clock_instant_ns = read_u64(reader);
    setup->wall_clock_ns = read_u64(reader);
    setup->entropy = read_bytes(reader, &setup->entropy_count);
    setup->read_only_root = read_u8(reader) != 0;
    setup->privileged = read_u8(reader) != 0;
    read_network(reader, &setup->network);
    setup->extra_hosts = read_strings(reader, &count);
    read_mounts(reader, setup);
    setup->shm_size = read_u64(reader);
    setup->sysctls = read_strings(reader, &count);
    if (count % 2 != 0)
        reader->bad = true;
    setup->cpu_quota_us = read_u64(reader);
    setup->cpu_period_us = read_u64(reader);
    setup->memory_limit = read_u64(reader);
    setup->pids_limit = read_u64(reader);
}

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

static int make_root(const struct machine_setup *setup, struct failure *failure) {
    cleanup_close int root = root_make(setup, failure);
    if (root < 0)
        return -1;
    for (size_t index = 0; index < setup->mount_count; index++)
        if (place_mount(root, &setup->mounts[index], failure) < 0)
            return -1;
    return etc_make(root, setup, failure);
}

/* Address and gateway that the card has; what PREPARE gave needs not be given again. */
static char card_address[64];
static char card_gateway[64];

static int set_up_card(const char *address, const char *gateway, struct failure *failure) {
    if (address[0] == 0 ||
        (strcmp(address, card_address) == 0 && strcmp(gateway, card_gateway) == 0))
        return 0;
    if (network_up(address, gateway, failure) < 0)
        return -1;
    snprintf(card_address, sizeof card_address, "%s", address);
    snprintf(card_gateway, sizeof card_gateway, "%s", gateway);
    return 0;
}

static bool prepared;
static bool image_is_there;

static int prepare(unsigned flags, struct failure *failure) {
    prepared = true;
    if (cgroup_make(failure) < 0 || network_up_loopback(failure) < 0 ||
        root_prepare((flags & PREPARE_SCRATCH) != 0, failure) < 0 || stand_by_make(failure) < 0)
        return -1;
    if ((flags & PREPARE_IMAGE) == 0)
        return 0;
    if (root_join(failure) < 0 || etc_prepare(failure) < 0 || stand_by_enter(failure) < 0)
        return -1;
    sync();
    image_is_there = true;
    return 0;
}

int machine_prepare(struct reader *reader, struct failure *failure) {
    if (prepared)
        return fail(failure, STATUS_CONFLICT, "cannot prepare the machine: it was done already");
    unsigned flags = read_u8(reader);
    const char *address = read_string(reader), *gateway = read_string(reader);
    if (reader->bad || reader->at != reader->end)
        return fail(failure, STATUS_INVALID, "cannot read what to prepare: it breaks the protocol");
    if (prepare(flags, failure) < 0)
        return -1;
    return set_up_card(address, gateway, failure);
}

static int apply(const struct machine_setup *setup, struct failure *failure) {
    const struct network_setup *network = &setup->network;
    if (strlen(setup->hostname) > 64 || strlen(setup->domainname) > 64)
        return fail(failure, STATUS_INVALID, "cannot set a host name longer than 64 bytes");
    /* first of all: a clone has the random state of all its siblings */
    if (add_entropy(setup->entropy, setup->entropy_count, failure) < 0 ||
        set_clock(setup, failure) < 0)
        return -1;
    if (!prepared && prepare(0, failure) < 0)
        return -1;
    if (cgroup_limit(setup, failure) < 0)
        return -1;
    if (network->address[0] != 0 && (set_up_card(network->address, network->gateway, failure) < 0 ||
                                     network_set_mac(network->mac, failure) < 0))
        return -1;
    return make_root(setup, failure);
}

int machine_rehearse(struct reader *reader, struct failure *failure) {
    const uint8_t *bytes = reader->at;
    struct machine_setup setup = {0};
    struct process_spec spec = {0};
    setup_read(reader, &setup);
    size_t count = (size_t)(reader->at - bytes);
    if (process_read_spec(reader, &spec, failure) < 0)
        return -1;
    if (!image_is_there || setup.mount_count > 0)
        return fail(failure, STATUS_CONFLICT, "cannot rehearse: there is no image");
    if (apply(&setup, failure) < 0 || stand_by_set_up(bytes, count, failure) < 0)
        return -1;
    return rehearse_start(&spec, failure);
}

int machine_set_up(struct reader *reader, struct failure *failure) {
    static bool done;
    if (done)
        return fail(failure, STATUS_CONFLICT, "cannot set the machine up: it was done already");
    const uint8_t *bytes = reader->at;
    size_t count = (size_t)(reader->end - bytes);
    struct machine_setup setup = {0};
    setup_read(reader, &setup);
    if (reader->bad || reader->at != reader->end)
        return fail(failure, STATUS_INVALID, "cannot read the set-up: it breaks the protocol");
    done = true;
    if (apply(&setup, failure) < 0)
        return -1;
    return stand_by_set_up(bytes, count, failure);
}
