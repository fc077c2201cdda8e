#pragma once

/*
 * The files that the guest's kernel knows: each a descriptor by O_PATH, found by its number
 * (nodeid) or by device and inode, so that all names of a file are one node. The guest counts
 * (LOOKUP and FORGET); what it has no count of can't be reached.
 *
 * Descriptors are few where files are many: those that nobody uses are closed and opened again by
 * the name that they were last seen under, if that still leads to the same inode.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "share.h"

struct lock_owner;

struct node {
    struct node *next; /* in its bucket */
    struct share *share;
    struct node *parent; /* where it was last seen; NULL: it has no such place */
    char *name;
    uint64_t id;
    dev_t device;
    ino_t inode;
    mode_t type;      /* S_IFMT of the host's file */
    int fd;           /* -1: not open now */
    uint64_t lookups; /* that the guest counts */
    uint32_t pins;    /* requests and handles: the descriptor stays open */
    uint32_t children;
    bool was_used, is_hashed;
    struct lock_owner *locks; /* lock.c's */
    int64_t forgot_time;      /* fresh.c's: of the last change, in ns; 0: not known */
    off_t forgot_size;
    int watch;                       /* watch.c's; 0: none */
    bool hears_all;                  /* no other host changes what is in it */
    uint32_t own_ms;                 /* own_changes.c's: when the guest has changed it */
    uint32_t kept_ms, names_kept_ms; /* when it was told what it may keep of it, and of its names */
};

/* What the guest knows of what has gone from the host. */
struct known_node {
    uint64_t id;
    mode_t type;
    int fd; /* O_PATH, the caller's; -1: there is none any more */
};

/* How many descriptors nodes may hold. */
void nodes_start(size_t descriptors);
/* The node of a number, pinned and open. 0, or -errno. */
int node_take(uint64_t id, struct node **node);
void node_pin(struct node *node);
void node_release(struct node *node);
/*
 * The node of an open file, with one more lookup: an old one or a new. `fd` is the node's from now
 * on or closed. `parent` and `name` (NULL: a share's root) are where it was found. 0, or -errno.
 */
int node_of_file(struct share *share, int fd, const struct stat *status, struct node *parent,
                 const char *name, uint64_t *id);
/* Adds a lookup to a node that is in use. */
uint64_t node_count_lookup(struct node *node);
void node_forget(uint64_t id, uint64_t lookups);
/* The node that holds this entry of a folder, pinned and open; NULL when the guest knows none. */
struct node *node_of_entry(struct node *parent, const char *name);
/*
 * The node that was last seen under a name that leads there no more, with a lookup more; false, and
 * no descriptor, where none is known.
 */
bool node_known_as(const struct node *folder, const char *name, struct known_node *known);
/* Whether the guest may keep this answer of a node and its name for a while; noted. */
bool node_may_be_kept(uint64_t id, const struct stat *status);
/* Whether it may have kept them, or names of a folder; from now on it has not. */
bool node_was_kept(uint64_t id);
bool node_names_were_kept(uint64_t folder);
/* Says where a node is now; NULL: its name was taken. */
void node_moved(struct node *node, struct node *parent, const char *name);
/* The node of the folder above, with a lookup more; 0 when there is none. */
uint64_t node_above(struct node *node);
/* Nothing of this share is found any more; descriptors that no request uses are closed. */
void nodes_drop_share(struct share *share);
/* The guest begins anew: it knows nothing. */
void nodes_drop_all(void);
