#ifndef DVM_CONFINEMENT_H
#define DVM_CONFINEMENT_H

#include "wire.h"

/* What keeps a container's processes from doing and seeing all (protocol.h, CREATE). */

#define DEVICES_MAX 256u
#define DEVICE_RULES_MAX 512u
#define FILTER_BYTES_MAX 32768u

/* A program of classic BPF, 8 bytes each instruction. */
struct system_call_filter {
    const uint8_t *bytes;
    size_t count; /* 0: there is none */
    uint32_t flags;
    bool is_required; /* a kernel without seccomp can't do */
};

/* A device of the machine's that the container has, too. */
struct device_setup {
    const char *source; /* its path, or that of a folder of them; "": it is a disk ... */
    const char *disk;   /* ... of this name */
    const char *target;
    uint8_t access;
};

/* What may be opened. */
struct device_rule {
    uint8_t kind;   /* enum device_kind */
    uint32_t major; /* or DEVICE_ANY */
    uint32_t minor; /* or DEVICE_ANY */
    uint8_t access; /* enum device_access */
};

struct device_rules {
    struct device_rule list[DEVICE_RULES_MAX];
    size_t count;
};

struct confinement {
    struct system_call_filter filter;
    bool has_own_paths; /* those of the lists, in place of Docker's */
    char **masked;
    char **read_only;
    bool has_writable_cgroups;
    bool has_all_devices;
    struct device_setup *devices;
    size_t device_count;
    struct device_rule *rules;
    size_t rule_count;
};

void confinement_read(struct reader *reader, struct confinement *confinement);

#endif
