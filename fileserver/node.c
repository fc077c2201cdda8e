#include "node.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kept.h"
#include "own_changes.h"
#include "slots.h"
#include "watch.h"

#define NODES_MAX 4194304u
#define SEARCHED_MAX 262144u /* by name, one after the other */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slots slots;
static struct node **buckets;
static size_t bucket_count, node_count, open_count, open_bound;
static size_t hand; /* of the clock that looks for descriptors to close */

void nodes_start(size_t descriptors) { open_bound = descriptors; }

static struct node **bucket_of(const struct share *share, dev_t device, ino_t inode) {
    uint64_t mixed = (inode ^ (device << 40) ^ ((uintptr_t)share >> 4)) * 0x9e3779b97f4a7c15u;
    return &buckets[(mixed >> 20) & (bucket_count - 1)];
}

static struct node *find(const struct share *share, dev_t device, ino_t inode) {
    if (bucket_count == 0)
        return NULL;
    struct node *node = *bucket_of(share, device, inode);
    while (node != NULL && (node->inode != inode || node->device != device || node->share != share))
        node = node->next;
    return node;
}

static void hash(struct node *node) {
    struct node **bucket = bucket_of(node->share, node->device, node->inode);
    node->next = *bucket;
    *bucket = node;
    node->is_hashed = true;
}

static void unhash(struct node *node) {
    if (!node->is_hashed)
        return;
    struct node **at = bucket_of(node->share, node->device, node->inode);
    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    node->is_hashed = false;
}

static bool grow(void) {
    size_t old_count = bucket_count;
    struct node **old = buckets;
    size_t count = old_count == 0 ? 64 : old_count * 2;
    struct node **fresh = calloc(count, sizeof *fresh);
    if (fresh == NULL)
        return old_count > 0;
    buckets = fresh;
    bucket_count = count;
    for (size_t index = 0; index < old_count; index++) {
        for (struct node *node = old[index], *next; node != NULL; node = next) {
            next = node->next;
            hash(node);
        }
    }
    free(old);
    return true;
}

static void close_fd(struct node *node) {
    if (node->fd < 0)
        return;
    close(node->fd);
    node->fd = -1;
    open_count--;
}

/* Frees a node that nobody needs, and the folders above that only it kept. */
static void free_unneeded(struct node *node) {
    while (node != NULL && node->lookups == 0 && node->pins == 0 && node->children == 0) {
        struct node *parent = node->parent;
        unhash(node);
        watch_end(node);
        close_fd(node);
        slots_free(&slots, node->id);
        share_release(node->share);
        free(node->name);
        free(node);
        node_count--;
        if (parent != NULL)
            parent->children--;
        node = parent;
    }
}

/* Closes descriptors that no request uses, until there are fewer than may be. */
static void make_room(void) {
    for (size_t looked = 0; open_count >= open_bound && looked < 2 * slots.count; looked++) {
        hand = hand + 1 < slots.count ? hand + 1 : 0;
        struct node *node = slots.items[hand].item;
        if (node == NULL || node->fd < 0 || node->pins > 0 || node->parent == NULL)
            continue;
        if (!node->was_used)
            close_fd(node);
        node->was_used = false;
    }
}

static int open_below(struct node *node) {
    if (node->parent == NULL)
        return -ESTALE;
    int fd = openat(node->parent->fd, node->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == EMFILE || errno == ENFILE ? -ENFILE : -ESTALE;
    struct stat status;
    if (fstat(fd, &status) < 0 || status.st_ino != node->inode || status.st_dev != node->device) {
        close(fd);
        return -ESTALE;
    }
    node->fd = fd;
    open_count++;
    return 0;
}

static int open_again(struct node *node) {
    make_room();
    while (node->fd < 0) {
        struct node *top = node;
        while (top->parent != NULL && top->parent->fd < 0)
            top = top->parent;
        int result = open_below(top);
        if (result < 0)
            return result;
    }
    return 0;
}

static int pin(struct node *node) {
    if (node->share->is_removed)
        return -ESTALE;
    int result = node->fd < 0 ? open_again(node) : 0;
    if (result == 0) {
        node->pins++;
        node->was_used = true;
    }
    return result;
}

int node_take(uint64_t id, struct node **found) {
    pthread_mutex_lock(&lock);
    struct node *node = slots_find(&slots, id);
    int result = node == NULL || node->lookups == 0 ? -ESTALE : pin(node);
    *found = result == 0 ? node : NULL;
    pthread_mutex_unlock(&lock);
    return result;
}

void node_pin(struct node *node) {
    pthread_mutex_lock(&lock);
    node->pins++;
    pthread_mutex_unlock(&lock);
}

void node_release(struct node *node) {
    pthread_mutex_lock(&lock);
    node->pins--;
    if (node->pins == 0 && node->share->is_removed)
        close_fd(node);
    free_unneeded(node);
    pthread_mutex_unlock(&lock);
}

static void set_place(struct node *node, struct node *parent, const char *name) {
    if (parent == node->parent && (parent == NULL || strcmp(name, node->name) == 0))
        return;
    char *copy = parent == NULL ? NULL : strdup(name);
    if (copy == NULL)
        parent = NULL;
    struct node *old = node->parent;
    if (parent != NULL)
        parent->children++;
    node->parent = parent;
    free(node->name);
    node->name = copy;
    if (old != NULL) {
        old->children--;
        free_unneeded(old);
    }
}

static struct node *add(struct share *share, const struct stat *status) {
    if (node_count >= bucket_count && !grow())
        return NULL;
    struct node *node = node_count < NODES_MAX ? calloc(1, sizeof *node) : NULL;
    if (node == NULL || !slots_add(&slots, node, &node->id)) {
        free(node);
        return NULL;
    }
    node_count++;
    share_keep(share);
    node->share = share;
    node->device = status->st_dev;
    node->inode = status->st_ino;
    node->type = status->st_mode & S_IFMT;
    node->fd = -1;
    hash(node);
    return node;
}

/* A folder that is its own ancestor would make a circle of places. */
static bool is_above(const struct node *node, const struct node *below) {
    while (below != NULL && below != node)
        below = below->parent;
    return below != NULL;
}

int node_of_file(struct share *share, int fd, const struct stat *status, struct node *parent,
                 const char *name, uint64_t *id) {
    pthread_mutex_lock(&lock);
    int result = 0;
    struct node *node = NULL;
    if (share->is_removed) {
        result = -ESTALE;
    } else {
        node = find(share, status->st_dev, status->st_ino);
        if (node == NULL)
            node = add(share, status);
        if (node == NULL)
            result = -ENFILE;
    }
    if (node != NULL) {
        node->lookups++;
        node->was_used = true;
        if (parent != NULL && (node->type != S_IFDIR || !is_above(node, parent)))
            set_place(node, parent, name);
        if (node->fd < 0) {
            make_room();
            node->fd = fd;
            open_count++;
            fd = -1;
        }
        if (share->is_watched && node->watch == 0 && (node->type == S_IFDIR || parent == NULL))
            watch_begin(node);
        *id = node->id;
    }
    pthread_mutex_unlock(&lock);
    if (fd >= 0)
        close(fd);
    return result;
}

uint64_t node_count_lookup(struct node *node) {
    pthread_mutex_lock(&lock);
    node->lookups++;
    pthread_mutex_unlock(&lock);
    return node->id;
}

void node_forget(uint64_t id, uint64_t lookups) {
    pthread_mutex_lock(&lock);
    struct node *node = slots_find(&slots, id);
    if (node != NULL) {
        node->lookups = lookups < node->lookups ? node->lookups - lookups : 0;
        free_unneeded(node);
    }
    pthread_mutex_unlock(&lock);
}

struct node *node_of_entry(struct node *parent, const char *name) {
    struct stat status;
    if (fstatat(parent->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return NULL;
    pthread_mutex_lock(&lock);
    struct node *node = find(parent->share, status.st_dev, status.st_ino);
    if (node != NULL && pin(node) < 0)
        node = NULL;
    pthread_mutex_unlock(&lock);
    return node;
}

/* One that was there, and isn't: what is there now, if anything, is no answer. */
static struct node *find_named(const struct node *folder, const char *name) {
    struct stat now = {0};
    fstatat(folder->fd, name, &now, AT_SYMLINK_NOFOLLOW);
    for (size_t index = 0; index < slots.count; index++) {
        struct node *node = slots.items[index].item;
        if (node != NULL && node->parent == folder && strcmp(node->name, name) == 0 &&
            (node->inode != now.st_ino || node->device != now.st_dev))
            return node;
    }
    return NULL;
}

bool node_known_as(const struct node *folder, const char *name, struct known_node *known) {
    *known = (struct known_node){.fd = -1};
    pthread_mutex_lock(&lock);
    struct node *node = slots.count <= SEARCHED_MAX ? find_named(folder, name) : NULL;
    if (node != NULL) {
        node->lookups++;
        *known = (struct known_node){node->id, node->type, -1};
        if (node->fd >= 0)
            known->fd = fcntl(node->fd, F_DUPFD_CLOEXEC, 0);
    }
    pthread_mutex_unlock(&lock);
    return node != NULL;
}

/* All that can change what is told of it is watched: another name of it might lie elsewhere. */
static bool is_watched(const struct node *node, const struct stat *status) {
    if (node->parent == NULL)
        return node->hears_all;
    if (!node->parent->hears_all)
        return false;
    return node->type == S_IFDIR ? node->hears_all : status->st_nlink == 1;
}

bool node_may_be_kept(uint64_t id, const struct stat *status) {
    pthread_mutex_lock(&lock);
    struct node *node = slots_find(&slots, id);
    const char *name = node == NULL || node->name == NULL ? "" : node->name;
    bool may = node != NULL && is_watched(node, status) && !is_own_change(name, node) &&
               !kept_is_news(name);
    if (may) {
        node->kept_ms = coarse_ms();
        if (node->parent != NULL)
            node->parent->names_kept_ms = node->kept_ms;
    }
    pthread_mutex_unlock(&lock);
    return may;
}

static bool take_kept(uint64_t id, bool names) {
    pthread_mutex_lock(&lock);
    struct node *node = slots_find(&slots, id);
    bool was = false;
    if (node != NULL) {
        uint32_t *ms = names ? &node->names_kept_ms : &node->kept_ms;
        was = *ms != 0 && coarse_ms() - *ms <= KEPT_S * 1000 + 100;
        if (!names)
            *ms = 0; /* of other names something may be kept still */
    }
    pthread_mutex_unlock(&lock);
    return was;
}

bool node_was_kept(uint64_t id) { return take_kept(id, false); }

bool node_names_were_kept(uint64_t folder) { return take_kept(folder, true); }

void node_moved(struct node *node, struct node *parent, const char *name) {
    pthread_mutex_lock(&lock);
    if (parent == NULL || node->type != S_IFDIR || !is_above(node, parent))
        set_place(node, parent, name);
    pthread_mutex_unlock(&lock);
}

uint64_t node_above(struct node *node) {
    pthread_mutex_lock(&lock);
    struct node *parent = node->parent;
    if (parent != NULL)
        parent->lookups++;
    uint64_t id = parent == NULL ? 0 : parent->id;
    pthread_mutex_unlock(&lock);
    return id;
}

/* Under the lock. `forget`: the guest's counts are void, too. */
static void drop(const struct share *share, bool forget) {
    for (size_t index = 0; index < slots.count; index++) {
        struct node *node = slots.items[index].item;
        if (node == NULL || (share != NULL && node->share != share))
            continue;
        unhash(node);
        if (node->pins == 0)
            close_fd(node);
        if (forget)
            node->lookups = 0;
    }
    for (size_t index = 0; index < slots.count; index++) {
        struct node *node = slots.items[index].item;
        if (node != NULL && (share == NULL || node->share == share))
            free_unneeded(node);
    }
}

void nodes_drop_share(struct share *share) {
    pthread_mutex_lock(&lock);
    share->is_removed = true;
    drop(share, false);
    pthread_mutex_unlock(&lock);
}

void nodes_drop_all(void) {
    pthread_mutex_lock(&lock);
    drop(NULL, true);
    pthread_mutex_unlock(&lock);
}
