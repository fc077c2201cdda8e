#ifndef DVM_SETUP_H
#define DVM_SETUP_H

#include "agent.h"
#include "mount.h"
#include "wire.h"

struct network_setup {
    const char *address; /* "": no card */
    const char *gateway;
    const char *mac;
    char **nameservers;
    char **search;
    char **options;
};

struct machine_setup {
    const char *hostname;
    const char *domainname;
    const char *machine_id;    /* machine-id(5) */
    uint64_t clock_instant_ns; /* of the guest's monotonic clock ... */
    uint64_t wall_clock_ns;    /* ... at which the host's clock showed this */
    const uint8_t *entropy;
    size_t entropy_count;
    bool read_only_root;
    bool privileged;
    struct network_setup network;
    char **extra_hosts;
    struct guest_mount *mounts;
    size_t mount_count;
    uint64_t shm_size;
    char **sysctls;
    uint64_t cpu_quota_us; /* limits: 0 is none */
    uint64_t cpu_period_us;
    uint64_t memory_limit;
    uint64_t pids_limit;
};

/* Does what can be done before the container is known. Once per machine, by PREPARE or SET_UP. */
int machine_prepare(struct reader *reader, struct failure *failure);
/* Does all that a container needs before its first process. Once per machine. */
int machine_set_up(struct reader *reader, struct failure *failure);
/*
 * Goes through a SET_UP and a START as far as nothing stays of them: what a machine that waits will
 * do again for its container is quicker then. The image must be there.
 */
int machine_rehearse(struct reader *reader, struct failure *failure);
/* Reads a SET_UP; reader->bad tells of one that breaks the protocol. */
void setup_read(struct reader *reader, struct machine_setup *setup);

/* root.c: /dev and /sys for the container, and the scratch disk when it is a new one. */
int root_prepare(bool new_scratch, struct failure *failure);
/* Image and scratch joined at CONTAINER_ROOT, with /dev and /sys. */
int root_join(struct failure *failure);
/* The same once the set-up is known; an O_PATH of it. */
int root_make(const struct machine_setup *setup, struct failure *failure);
/* Takes all disks out of use, written. */
void root_unmount(void);

/* etc.c: hostname, hosts, resolv.conf and an image's machine-id are there, and empty. */
int etc_prepare(struct failure *failure);
/* They say what the set-up says, where the user mounted nothing. */
int etc_make(int root, const struct machine_setup *setup, struct failure *failure);

/* cgroup.c */
int cgroup_make(struct failure *failure);
int cgroup_limit(const struct machine_setup *setup, struct failure *failure);

#endif
