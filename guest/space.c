#include "space.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "disk.h"

/* What ext4 keeps back for itself, unless it is told otherwise: a fiftieth, and at most this. */
#define KEPT_BLOCKS_MAX 4096u
#define KEPT_PART 50u
#define PATH_SIZE 96

/* Blocks that programs have written and that have no place on the disk yet. */
static uint64_t delayed_blocks(const char *device) {
    char path[PATH_SIZE], text[32];
    snprintf(path, sizeof path, "/sys/fs/ext4/%.30s/delayed_allocation_blocks", device);
    return read_file(path, text, sizeof text) <= 0 ? 0 : strtoull(text, NULL, 10);
}

/* How many of the free blocks nobody may have. `f_bfree` is without those that are delayed. */
static uint64_t kept_blocks(const struct statfs *now, uint64_t bytes, uint64_t delayed) {
    uint64_t kept = now->f_blocks / KEPT_PART;
    if (kept > KEPT_BLOCKS_MAX)
        kept = KEPT_BLOCKS_MAX;
    uint64_t wanted = bytes / (uint64_t)now->f_bsize;
    uint64_t allowed = wanted > delayed ? wanted - delayed : 0;
    if (bytes == UINT64_MAX || now->f_bfree <= allowed)
        return kept;
    uint64_t rest = now->f_bfree - allowed;
    return rest > kept ? rest : kept;
}

int space_limit(const struct root *root, uint64_t bytes, struct failure *failure) {
    char disk[DISK_PATH_MAX], path[PATH_SIZE], text[32];
    struct statfs now;
    if (root->scratch_disk[0] == 0)
        return 0;
    if (disk_find(root->scratch_disk, disk, failure) < 0)
        return -1;
    if (statfs(root->place->scratch, &now) < 0 || now.f_bsize <= 0)
        return fail_errno(failure, "cannot look at disk %s", root->scratch_disk);
    const char *device = disk + sizeof "/dev/" - 1;
    snprintf(path, sizeof path, "/sys/fs/ext4/%.30s/reserved_clusters", device);
    snprintf(text, sizeof text, "%" PRIu64, kept_blocks(&now, bytes, delayed_blocks(device)));
    if (write_file(path, text) < 0)
        return fail_errno(failure, "cannot limit what disk %s takes", root->scratch_disk);
    return 0;
}
