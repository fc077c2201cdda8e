#ifndef DVM_SETUP_H
#define DVM_SETUP_H

#include "confinement.h"
#include "wire.h"

/* What PREPARE, SET_UP, SET_CLOCK, CREATE, UPDATE and ATTACH_CARD say (protocol.h). Strings live in
 * the reader.
 */

#define CARDS_MAX 8u
#define MOUNTS_MAX 256u
#define HOST_NAME_MAX_BYTES 64u

struct card_setup {
    uint8_t index;
    const char *name; /* of the interface */
    const char *mac;  /* "": as it is */
    char **addresses; /* IPv4 and IPv6, "a.b.c.d/bits" */
    char **gateways;  /* one for each family at most */
    uint32_t mtu;     /* 0: as it is */
    char **sysctls;   /* name, value, name, value, ... NULL */
};

struct preparation {
    uint8_t flags; /* enum prepare_flag */
    const char *image_disk;
    const char *scratch_disk;
    struct card_setup *cards;
    size_t card_count;
};

struct machine_setup {
    uint64_t clock_instant_ns; /* of the guest's monotonic clock ... */
    uint64_t wall_clock_ns;    /* ... at which the host's clock showed this */
    const uint8_t *entropy;
    size_t entropy_count;
};

struct clock_setting {
    uint64_t instant_ns;    /* of the guest's monotonic clock ... */
    uint64_t wall_clock_ns; /* ... at which the host's clock showed this ... */
    uint64_t doubt_ns;      /* ... or this much more or less */
};

/* One mount that the user asked for. */
struct guest_mount {
    uint8_t kind;      /* enum mount_kind */
    const char *share; /* its name */
    const char *target;
    const char *options;
    bool read_only;
    bool populate;
};

#define CPU_PERIOD_US 100000u

/* 0 is none, and of the period CPU_PERIOD_US. */
struct container_limits {
    uint64_t cpu_quota_us;
    uint64_t cpu_period_us;
    uint64_t cpu_weight;
    uint64_t memory;
    uint64_t memory_low; /* what is left to it when others want some */
    uint64_t processes;
    const char *processors; /* cpuset(7); "": all */
};

#define NO_SHM UINT64_MAX

struct container_setup {
    const char *id;
    const char *hostname;
    const char *domainname;
    const char *machine_id; /* machine-id(5) */
    const char *image_disk;
    const char *scratch_disk;
    bool read_only_root;
    bool privileged;
    const char *network; /* the namespace's name; "": the machine's own */
    const char *ipc;     /* the container whose namespace it shares; "": nobody's */
    const char *pid;     /* idem */
    struct card_setup *cards;
    size_t card_count;
    const char *hosts;    /* /etc/hosts, whole */
    const char *resolver; /* /etc/resolv.conf */
    const char *relay;    /* the host's socket for questions to 127.0.0.11; "": none */
    struct guest_mount *mounts;
    size_t mount_count;
    uint64_t shm_size;
    char **sysctls; /* name, value, name, value, ... NULL */
    struct container_limits limits;
    struct confinement confinement;
};

/* What a container finds others by, as it changes. */
struct names_change {
    char **removed; /* lines of /etc/hosts */
    char **added;
    const char *resolver_before; /* /etc/resolv.conf */
    const char *resolver_after;
    const char *relay; /* as in container_setup */
};

/* reader->bad tells of what breaks the protocol. */
void setup_read_preparation(struct reader *reader, struct preparation *preparation);
void setup_read_machine(struct reader *reader, struct machine_setup *setup);
void setup_read_clock(struct reader *reader, struct clock_setting *setting);
void setup_read_card(struct reader *reader, struct card_setup *card);
void setup_read_limits(struct reader *reader, struct container_limits *limits);
void setup_read_names(struct reader *reader, struct names_change *change);
void setup_read_container(struct reader *reader, struct container_setup *setup);

/* Whether this may be the name of a container or a network namespace. */
bool setup_name_is_legal(const char *name);
bool setup_mounts_on(const struct container_setup *setup, const char *target);

#endif
