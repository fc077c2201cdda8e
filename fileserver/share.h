#pragma once

/* What of the host a machine may reach: the names in the virtual root. */

#include <stdbool.h>
#include <stdint.h>

#define SHARE_NAME_MAX 64

/* Whose a file is, as a guest sees it. */
enum owners {
    OWNERS_REAL,   /* as on the host; the server is root */
    OWNERS_MAPPED, /* kept in extended attributes; on the host all is the server's */
    OWNERS_OURS,   /* as on the host, where what is made is the server's */
};

struct share {
    struct share *next;
    char name[SHARE_NAME_MAX + 1];
    enum owners owners;
    bool is_read_only;
    bool is_watched; /* the guest hears of what others change in it */
    bool is_removed; /* written under the lock of the nodes */
    int fd;          /* its root, O_PATH */
    uint32_t uses;   /* nodes, and the list */
};

/* Adds a share of these traits; NULL when done, else why not. Its name is checked, `path` followed
 * and opened. */
const char *share_add(const char *path, const struct share *like);
/* Takes all away whose names begin so: what a guest still holds of them is stale. */
void shares_remove(const char *prefix);
/* The share of this name, in use; NULL when there is none. */
struct share *share_find(const char *name);
void share_keep(struct share *share);
void share_release(struct share *share);
/* Has the file systems of all writable shares written to their disks. 0, or -errno. */
int shares_sync(void);
