#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "container.h"
#include "network.h"

#ifndef RNDRESEEDCRNG
#define RNDRESEEDCRNG _IO('R', 0x07)
#endif

static void read_network(struct reader *reader, struct network_setup *network) {
    size_t count;
    network->address = network->gateway = "";
    if (read_u8(reader) == 0)
        return;
    network->address = read_string(reader);
    network->gateway = read_string(reader);
    network->nameservers = read_strings(reader, &count);
    network->search = read_strings(reader, &count);
    network->options = read_strings(reader, &count);
}

static void read_mounts(struct reader *reader, struct machine_setup *setup) {
    size_t count = read_u32(reader);
    if (count > 256)
        reader->bad = true;
    setup->mounts = calloc(reader->bad ? 1 : count + 1, sizeof *setup->mounts);
    if (setup->mounts == NULL)
        reader->bad = true;
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

static void read_setup(struct reader *reader, struct machine_setup *setup) {
    size_t count;
    setup->hostname = read_string(reader);
    setup->domainname = read_string(reader);
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

static int set_clock(uint64_t wall_clock_ns, struct failure *failure) {
    struct timespec now = {.tv_sec = (time_t)(wall_clock_ns / 1000000000),
                           .tv_nsec = (long)(wall_clock_ns % 1000000000)};
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
    cleanup_close int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
    pool.head.entropy_count = (int)count * 8;
    pool.head.buf_size = (int)count;
    memcpy((uint8_t *)&pool + offsetof(struct rand_pool_info, buf), bytes, count);
    if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0)
        return fail_errno(failure, "cannot add entropy");
    return 0;
}

static int set_up_network(const struct network_setup *network, struct failure *failure) {
    if (network_up_loopback(failure) < 0)
        return -1;
    return network->address[0] == 0 ? 0 : network_up(network->address, network->gateway, failure);
}

static int make_root(const struct machine_setup *setup, struct failure *failure) {
    cleanup_close int root = root_make(setup, failure);
    if (root < 0)
        return -1;
    for (size_t index = 0; index < setup->mount_count; index++) {
        if (place_mount(root, &setup->mounts[index], failure) < 0)
            return -1;
        if (strcmp(setup->mounts[index].target, "/sys/fs/cgroup") == 0)
            container.owns_cgroup_mount = true;
    }
    return etc_make(root, setup, failure);
}

static int apply(const struct machine_setup *setup, struct failure *failure) {
    if (strlen(setup->hostname) > 64 || strlen(setup->domainname) > 64)
        return fail(failure, STATUS_INVALID, "cannot set a host name longer than 64 bytes");
    if (set_clock(setup->wall_clock_ns, failure) < 0 ||
        add_entropy(setup->entropy, setup->entropy_count, failure) < 0)
        return -1;
    container.hostname = setup->hostname;
    container.domainname = setup->domainname;
    container.read_only_root = setup->read_only_root;
    container.privileged = setup->privileged;
    container.sysctls = setup->sysctls;
    if (cgroup_make(setup, failure) < 0 || set_up_network(&setup->network, failure) < 0)
        return -1;
    return make_root(setup, failure);
}

int machine_set_up(const uint8_t *bytes, size_t count, struct failure *failure) {
    static bool done;
    if (done)
        return fail(failure, STATUS_CONFLICT, "cannot set the machine up: it was done already");
    /* both live on with the machine: the container's first process reads them */
    struct reader reader;
    struct machine_setup setup = {0};
    if (reader_open(&reader, bytes, count) < 0)
        return fail_errno(failure, "cannot read the set-up");
    read_setup(&reader, &setup);
    if (reader.bad || reader.at != reader.end)
        return fail(failure, STATUS_INVALID, "cannot read the set-up: it breaks the protocol");
    done = true;
    return apply(&setup, failure);
}
