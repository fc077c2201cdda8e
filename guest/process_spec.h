#ifndef DVM_PROCESS_SPEC_H
#define DVM_PROCESS_SPEC_H

#include "wire.h"

#define RLIMIT_COUNT 16u

struct resource_limit {
    uint32_t resource;
    uint64_t soft;
    uint64_t hard;
};

/* What to run (protocol.h). Strings live in the reader. */
struct process_spec {
    const uint8_t *bytes; /* as the host sent it */
    size_t byte_count;
    char **arguments;
    size_t argument_count;
    char **environment;
    const char *folder;
    const char *user;
    char **groups;
    size_t group_count;
    bool tty;
    uint32_t rows;
    uint32_t columns;
    bool wants_stdin;
    uint64_t capabilities;
    bool privileged;
    bool no_new_privileges;
    bool reaper;
    int32_t oom_score; /* oom_score_adj of proc(5) */
    struct resource_limit *limits;
    size_t limit_count;
};

/* reader->bad tells of one that breaks the protocol; nothing may follow it. */
void process_spec_read(struct reader *reader, struct process_spec *spec);

#endif
