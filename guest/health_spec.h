#ifndef DVM_HEALTH_SPEC_H
#define DVM_HEALTH_SPEC_H

#include "process_spec.h"

/* A health check (protocol.h). */
struct health_spec {
    uint64_t interval_ns;
    uint64_t timeout_ns;
    uint64_t start_period_ns;
    uint64_t start_interval_ns;
    uint32_t retries;
    struct process_spec probe;
};

/* reader->bad tells of one that breaks the protocol; nothing may follow it. */
void health_spec_read(struct reader *reader, struct health_spec *spec);

#endif
