#include "uses.h"

#include <errno.h>
#include <stdlib.h>

/* kernel/source/dvm_record.c; only a kernel with the feature `tracing` has it. */
#define RECORD_FILE "/proc/dvm_record"

static int no_recorder(struct failure *failure) {
    if (errno == ENOENT)
        return fail(failure, STATUS_UNSUPPORTED,
                    "cannot record what a program uses: the kernel has no recorder");
    return fail_errno(failure, "cannot record what a program uses");
}

static int read_uses(struct writer *result, struct failure *failure) {
    __attribute__((cleanup(free_pointer))) char *text = malloc(DVM_USES_MAX + 2);
    if (text == NULL)
        return fail_errno(failure, "cannot record what a program uses");
    int count = read_file(RECORD_FILE, text, DVM_USES_MAX + 2);
    if (count < 0)
        return no_recorder(failure);
    bool is_cut = (size_t)count > DVM_USES_MAX;
    if (is_cut)
        text[DVM_USES_MAX] = 0;
    write_u8(result, is_cut);
    write_string(result, text);
    return 0;
}

int uses_record(struct reader *reader, struct writer *result, struct failure *failure) {
    uint8_t operation = read_u8(reader);
    if (reader->bad || reader->at != reader->end)
        return fail(failure, STATUS_INVALID, "cannot read the request: it breaks the protocol");
    switch (operation) {
    case USES_BEGIN:
        return write_file(RECORD_FILE, "1") < 0 ? no_recorder(failure) : 0;
    case USES_READ:
        return read_uses(result, failure);
    default:
        return fail(failure, STATUS_INVALID, "cannot record by operation %u", operation);
    }
}
