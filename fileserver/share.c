#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handle.h"
#include "node.h"
#include "place.h"

static struct share *shares;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_name(const char *name) {
    size_t length = strspn(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "_.-");
    return length > 0 && length <= SHARE_NAME_MAX && name[length] == 0 && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

/* Where the share of this name, or the list's end, hangs. Under the lock. */
static struct share **place_of(const char *name) {
    struct share **at = &shares;
    while (*at != NULL && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

const char *share_add(const char *path, const struct share *like) {
    if (!is_name(like->name))
        return "it is no name of a share";
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return strerror(errno);
    struct share *share = calloc(1, sizeof *share);
    pthread_mutex_lock(&lock);
    struct share **at = place_of(like->name);
    if (share == NULL || *at != NULL) {
        pthread_mutex_unlock(&lock);
        close(fd);
        const char *why = share == NULL ? "there is no memory" : "there is a share of this name";
        free(share);
        return why;
    }
    *share = *like;
    share->next = NULL;
    share->fd = fd;
    share->uses = 1;
    *at = share;
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* Takes the first one whose name begins so out of the list. */
static struct share *take_out(const char *prefix) {
    pthread_mutex_lock(&lock);
    struct share **at = &shares;
    while (*at != NULL && strncmp((*at)->name, prefix, strlen(prefix)) != 0)
        at = &(*at)->next;
    struct share *share = *at;
    if (share != NULL)
        *at = share->next;
    pthread_mutex_unlock(&lock);
    return share;
}

void shares_remove(const char *prefix) {
    struct share *share;
    while ((share = take_out(prefix)) != NULL) {
        nodes_drop_share(share);
        handles_drop_share(share);
        share_release(share);
    }
}

struct share *share_find(const char *name) {
    pthread_mutex_lock(&lock);
    struct share *share = *place_of(name);
    if (share != NULL)
        share_keep(share);
    pthread_mutex_unlock(&lock);
    return share;
}

void share_keep(struct share *share) { __atomic_add_fetch(&share->uses, 1, __ATOMIC_RELAXED); }

void share_release(struct share *share) {
    if (__atomic_sub_fetch(&share->uses, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    close(share->fd);
    free(share);
}

int shares_sync(void) {
    int result = 0;
    pthread_mutex_lock(&lock);
    for (struct share *share = shares; share != NULL; share = share->next) {
        int fd = share->is_read_only ? -1 : place_open(share->fd, O_RDONLY | O_NONBLOCK);
        if (fd >= 0 && syncfs(fd) < 0)
            result = -errno;
        if (fd >= 0)
            close(fd);
    }
    pthread_mutex_unlock(&lock);
    return result;
}
