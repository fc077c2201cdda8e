#include "health_spec.h"

void health_spec_read(struct reader *reader, struct health_spec *spec) {
    spec->interval_ns = read_u64(reader);
    spec->timeout_ns = read_u64(reader);
    spec->start_period_ns = read_u64(reader);
    spec->start_interval_ns = read_u64(reader);
    spec->retries = read_u32(reader);
    process_spec_read(reader, &spec->probe);
    if (spec->interval_ns == 0 || spec->timeout_ns == 0 || spec->start_interval_ns == 0 ||
        spec->retries == 0 || spec->probe.argument_count == 0 || spec->probe.tty ||
        spec->probe.wants_stdin)
        reader->bad = true;
}
