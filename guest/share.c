#include "share.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define FOLDER "/run/shares"
#define SHARES_MAX 256u
#define TAG_MAX 64u
/* cache=mmap: nothing is kept but what is mapped, so that host and guest see each other's writes */
#define OPTIONS "trans=virtio,version=9p2000.L,msize=512000,cache=mmap"

static struct share {
    char tag[TAG_MAX + 1];
    uint64_t users; /* a bit for each slot; 0: this entry is free */
} shares[SHARES_MAX];

static void path_of(const char *tag, char path[SHARE_PATH_MAX]) {
    snprintf(path, SHARE_PATH_MAX, FOLDER "/%.64s", tag);
}

static struct share *find_or_reserve(const char *tag) {
    struct share *free_one = NULL;
    for (size_t index = 0; index < SHARES_MAX; index++) {
        if (shares[index].users != 0 && strcmp(shares[index].tag, tag) == 0)
            return &shares[index];
        if (shares[index].users == 0 && free_one == NULL)
            free_one = &shares[index];
    }
    return free_one;
}

int share_take(const char *tag, unsigned slot, char path[SHARE_PATH_MAX], struct failure *failure) {
    if (strchr(tag, '/') != NULL || tag[0] == 0 || tag[0] == '.' || strlen(tag) > TAG_MAX)
        return fail(failure, STATUS_INVALID, "cannot mount share \"%.64s\": it is no tag", tag);
    struct share *share = find_or_reserve(tag);
    if (share == NULL)
        return fail(failure, STATUS_UNAVAILABLE, "cannot mount share \"%s\": there are %u already",
                    tag, SHARES_MAX);
    path_of(tag, path);
    if (share->users == 0) {
        mkdir(FOLDER, 0700);
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            return fail_errno(failure, "cannot make %s", path);
        if (mount(tag, path, "9p", 0, OPTIONS) < 0) {
            fail_errno(failure, "cannot mount share \"%s\"", tag);
            rmdir(path);
            return -1;
        }
        snprintf(share->tag, sizeof share->tag, "%s", tag);
    }
    share->users |= 1ull << slot;
    return 0;
}

void shares_release(unsigned slot) {
    for (size_t index = 0; index < SHARES_MAX; index++) {
        struct share *share = &shares[index];
        uint64_t others = share->users & ~(1ull << slot);
        if (share->users != 0 && others == 0) {
            char path[SHARE_PATH_MAX];
            path_of(share->tag, path);
            if (umount2(path, MNT_DETACH) < 0 || rmdir(path) < 0)
                complain("cannot unmount share %s: %s", share->tag, error_text(errno));
        }
        share->users = others;
    }
}
