#include "sparse.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

#define BLOCK 4096u

static bool is_zero(const uint8_t *bytes, size_t count) {
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0;
}

/* Of what begins at `at`: up to where blocks of zeros begin, or end. */
static size_t run(const uint8_t *bytes, size_t count, uint64_t at, bool *is_hole) {
    size_t size = 0;
    while (size < count) {
        size_t part = BLOCK - (size_t)((at + size) % BLOCK);
        if (part > count - size)
            part = count - size;
        bool is_part_hole = is_zero(bytes + size, part);
        if (size == 0)
            *is_hole = is_part_hole;
        if (is_part_hole != *is_hole)
            break;
        size += part;
    }
    return size;
}

int write_sparse(int fd, const uint8_t *bytes, size_t count, uint64_t at) {
    while (count > 0) {
        bool is_hole = false;
        size_t size = run(bytes, count, at, &is_hole);
        if (is_hole ? lseek(fd, (off_t)size, SEEK_CUR) < 0 : write_whole(fd, bytes, size) < 0)
            return -1;
        bytes += size;
        count -= size;
        at += size;
    }
    return 0;
}
