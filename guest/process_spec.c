#include "process_spec.h"

static void read_limits(struct reader *reader, struct process_spec *spec) {
    spec->limit_count = read_u32(reader);
    if (spec->limit_count > RLIMIT_COUNT)
        reader->bad = true;
    spec->limits = reader_allocate(reader, spec->limit_count, sizeof *spec->limits);
    for (size_t index = 0; index < spec->limit_count && !reader->bad; index++) {
        spec->limits[index].resource = read_u32(reader);
        spec->limits[index].soft = read_u64(reader);
        spec->limits[index].hard = read_u64(reader);
    }
}

void process_spec_read(struct reader *reader, struct process_spec *spec) {
    *spec = (struct process_spec){.bytes = reader->at,
                                  .byte_count = (size_t)(reader->end - reader->at)};
    spec->arguments = read_strings(reader, &spec->argument_count);
    spec->environment = read_strings(reader, &(size_t){0});
    spec->folder = read_string(reader);
    spec->user = read_string(reader);
    spec->groups = read_strings(reader, &spec->group_count);
    spec->tty = read_u8(reader) != 0;
    spec->rows = read_u32(reader);
    spec->columns = read_u32(reader);
    spec->wants_stdin = read_u8(reader) != 0;
    spec->capabilities = read_u64(reader);
    spec->privileged = read_u8(reader) != 0;
    spec->no_new_privileges = read_u8(reader) != 0;
    spec->reaper = read_u8(reader) != 0;
    spec->oom_score = (int32_t)read_u32(reader);
    read_limits(reader, spec);
    if (reader->at != reader->end)
        reader->bad = true;
}
