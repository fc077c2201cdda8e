#pragma once

/* Files and folders that the guest has open, by number (fh). */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "node.h"

struct handle {
    uint64_t id;
    struct node *node;
    int fd;
    int flags; /* as it was opened: O_ACCMODE and such */
    uint32_t uses;
    pthread_mutex_t reading; /* a folder's position is one reader's */
};

/* `fd` is the handle's from now on, or closed; the node is pinned. 0, or -errno. */
int handle_add(struct node *node, int fd, int flags, uint64_t *id);
/* The handle of a number, in use, if it is one of this node; else NULL. */
struct handle *handle_take(uint64_t id, const struct node *node);
void handle_release(struct handle *handle);
/* No request finds it any more; it is still the caller's to release. */
void handle_drop(struct handle *handle);
void handles_drop_share(const struct share *share);
void handles_drop_all(void);
