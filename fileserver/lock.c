#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fresh.h"
#include "handle.h"
#include "kept.h"
#include "operations.h"
#include "place.h"
#include "session.h"
#include "waiter.h"
#include "watch.h"

/* Who has locks in a file, and the descriptor that holds them. */
struct lock_owner {
    struct lock_owner *next;
    uint64_t owner, handle;
    uint32_t pid; /* in the guest, that set one last */
    uint32_t uses;
    int fd;
};

/* A POSIX lock that is waited for. */
struct wait {
    struct wait *next;
    const struct node *node;
    const struct lock_owner *owner;
    struct flock range;
};

#define CIRCLE_MAX 16u
/*
 * The guest's kernel tells of a last close a moment after close has returned. Who comes by another
 * machine just then is to have the lock.
 */
#define GRACE_NS 4000000

static struct wait *waits;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Under the lock. */
static void release_locked(struct lock_owner *owner) {
    if (--owner->uses > 0)
        return;
    close(owner->fd);
    free(owner);
}

static void owner_release(struct lock_owner *owner) {
    pthread_mutex_lock(&lock);
    release_locked(owner);
    pthread_mutex_unlock(&lock);
}

static int open_for_locks(const struct node *node) {
    int fd = node->share->is_read_only ? -EROFS : place_open(node->fd, O_RDWR);
    if (fd == -EROFS || fd == -EACCES || fd == -ETXTBSY || fd == -EPERM)
        fd = place_open(node->fd, O_RDONLY);
    return fd == -EMFILE || fd == -ENFILE ? -ENOLCK : fd;
}

static struct lock_owner *find(const struct node *node, uint64_t id) {
    struct lock_owner *owner = node->locks;
    while (owner != NULL && owner->owner != id)
        owner = owner->next;
    return owner;
}

/* The owner of a request's lock, in use; made when there is none and `make`. 0, or -errno. */
static int take_owner(const struct request *request, const struct fuse_lk_in *wanted, bool make,
                      struct lock_owner **taken) {
    struct node *node = request->node;
    pthread_mutex_lock(&lock);
    struct lock_owner *owner = find(node, wanted->owner);
    int result = 0;
    if (owner == NULL && make) {
        int fd = open_for_locks(node);
        owner = fd < 0 ? NULL : calloc(1, sizeof *owner);
        if (owner == NULL) {
            if (fd >= 0)
                close(fd);
            result = fd < 0 ? fd : -ENOLCK;
        } else {
            *owner = (struct lock_owner){
                .next = node->locks, .owner = wanted->owner, .uses = 1, .fd = fd};
            node->locks = owner;
        }
    }
    if (owner != NULL) {
        owner->uses++;
        if (make) {
            owner->handle = request->handle->id;
            owner->pid = wanted->lk.pid;
        }
    }
    *taken = owner;
    pthread_mutex_unlock(&lock);
    return result;
}

static void drop(struct node *node, bool by_handle, uint64_t id) {
    pthread_mutex_lock(&lock);
    for (struct lock_owner **at = &node->locks; *at != NULL;) {
        struct lock_owner *owner = *at;
        if ((by_handle ? owner->handle : owner->owner) != id) {
            at = &owner->next;
            continue;
        }
        *at = owner->next;
        release_locked(owner);
    }
    pthread_mutex_unlock(&lock);
}

void locks_drop_owner(struct node *node, uint64_t owner) { drop(node, false, owner); }

void locks_drop_handle(struct node *node, uint64_t handle) { drop(node, true, handle); }

void lock_release(struct request *request) {
    const struct fuse_release_in *wanted = (const struct fuse_release_in *)request->body;
    if ((wanted->release_flags & FUSE_RELEASE_FLOCK_UNLOCK) != 0)
        flock(request->handle->fd, LOCK_UN);
    locks_drop_handle(request->node, request->handle->id);
}

/* The range and the kind of lock. 0, or -errno. */
static int range_of(const struct fuse_file_lock *wanted, struct flock *range) {
    if (wanted->start > INT64_MAX || wanted->end > INT64_MAX || wanted->end < wanted->start)
        return -EINVAL;
    if (wanted->type != F_RDLCK && wanted->type != F_WRLCK && wanted->type != F_UNLCK)
        return -EINVAL;
    uint64_t size = wanted->end == INT64_MAX ? 0 : wanted->end - wanted->start + 1;
    *range = (struct flock){.l_type = (short)wanted->type,
                            .l_whence = SEEK_SET,
                            .l_start = (off_t)wanted->start,
                            .l_len = (off_t)size};
    return 0;
}

/* The owner in this machine whose lock this is: the one whom it doesn't hinder. NULL: none. */
static struct lock_owner *holder_of(const struct node *node, const struct flock *held) {
    for (struct lock_owner *owner = node->locks; owner != NULL; owner = owner->next) {
        struct flock asked = *held;
        asked.l_type = F_WRLCK;
        asked.l_pid = 0;
        if (fcntl(owner->fd, F_OFD_GETLK, &asked) == 0 &&
            (asked.l_type == F_UNLCK || asked.l_start != held->l_start ||
             asked.l_len != held->l_len))
            return owner;
    }
    return NULL;
}

int op_getlk(struct request *request) {
    const struct fuse_lk_in *wanted = request_take(request, sizeof *wanted);
    struct flock range;
    struct lock_owner *owner = NULL;
    int result = range_of(&wanted->lk, &range);
    if (result == 0)
        result = take_owner(request, wanted, false, &owner);
    if (result < 0)
        return result;
    int fd = owner != NULL ? owner->fd : request->handle->fd;
    if (range.l_type == F_UNLCK)
        result = -EINVAL;
    else if (fcntl(fd, F_OFD_GETLK, &range) < 0)
        result = -errno;
    struct fuse_lk_out *answer = request_answer(request, sizeof *answer);
    answer->lk = (struct fuse_file_lock){
        .start = (uint64_t)range.l_start,
        .end = range.l_len == 0 ? INT64_MAX : (uint64_t)(range.l_start + range.l_len - 1),
        .type = (uint32_t)range.l_type};
    if (result == 0 && range.l_type != F_UNLCK) {
        pthread_mutex_lock(&lock);
        const struct lock_owner *holder = holder_of(request->node, &range);
        answer->lk.pid = holder == NULL ? 0 : holder->pid;
        pthread_mutex_unlock(&lock);
    }
    if (owner != NULL)
        owner_release(owner);
    return result;
}

static int set_flock(int fd, const struct fuse_lk_in *wanted, bool may_wait) {
    int kind = wanted->lk.type == F_RDLCK   ? LOCK_SH
               : wanted->lk.type == F_WRLCK ? LOCK_EX
                                            : LOCK_UN;
    return flock(fd, may_wait ? kind : kind | LOCK_NB) < 0 ? -errno : 0;
}

static int set_once(const struct request *request, const struct fuse_lk_in *wanted,
                    const struct lock_owner *owner, bool may_wait) {
    if ((wanted->lk_flags & FUSE_LK_FLOCK) != 0)
        return set_flock(request->handle->fd, wanted, may_wait);
    struct flock range;
    int result = range_of(&wanted->lk, &range);
    if (result < 0)
        return result;
    return fcntl(owner->fd, may_wait ? F_OFD_SETLKW : F_OFD_SETLK, &range) < 0 ? -errno : 0;
}

/*
 * Whether the owner for whose lock it would wait waits, itself or through others, for one of its
 * own. Only owners of this machine are known. Under the lock.
 */
static bool would_wait_for_itself(const struct wait *wait) {
    const struct wait *one = wait;
    for (unsigned step = 0; step < CIRCLE_MAX && one != NULL; step++) {
        struct flock hindrance = one->range;
        if (fcntl(one->owner->fd, F_OFD_GETLK, &hindrance) < 0 || hindrance.l_type == F_UNLCK)
            return false;
        const struct lock_owner *holder = holder_of(one->node, &hindrance);
        if (holder == NULL)
            return false;
        if (holder->owner == wait->owner->owner)
            return true;
        for (one = waits; one != NULL && one->owner->owner != holder->owner;)
            one = one->next;
    }
    return false;
}

static void end_wait(const struct wait *wait) {
    pthread_mutex_lock(&lock);
    struct wait **at = &waits;
    while (*at != wait)
        at = &(*at)->next;
    *at = wait->next;
    pthread_mutex_unlock(&lock);
}

static int wait_for(struct request *request, const struct fuse_lk_in *wanted,
                    const struct lock_owner *owner) {
    struct flock range;
    struct wait wait;
    bool is_posix = owner != NULL && range_of(&wanted->lk, &range) == 0;
    int result = waiter_begin(request->waiter);
    if (result < 0)
        return result;
    if (is_posix) {
        pthread_mutex_lock(&lock);
        wait = (struct wait){waits, request->node, owner, range};
        bool is_circle = would_wait_for_itself(&wait);
        if (!is_circle)
            waits = &wait;
        pthread_mutex_unlock(&lock);
        if (is_circle)
            return -EDEADLK;
    }
    result = set_once(request, wanted, owner, true);
    if (is_posix)
        end_wait(&wait);
    return result;
}

/* Tries, and if another has the lock and `waits`, waits for it as one of the bounded number. */
static int set(struct request *request, const struct fuse_lk_in *wanted,
               const struct lock_owner *owner, bool may_wait) {
    int result = set_once(request, wanted, owner, false);
    if (result == -EAGAIN && !may_wait) {
        nanosleep(&(struct timespec){.tv_nsec = GRACE_NS}, NULL);
        result = set_once(request, wanted, owner, false);
    }
    if (result != -EAGAIN || !may_wait)
        return result;
    result = session_begin_wait();
    if (result < 0)
        return result;
    result = wait_for(request, wanted, owner);
    waiter_end(request->waiter);
    session_end_wait();
    return result;
}

static int set_lock(struct request *request, bool may_wait) {
    const struct fuse_lk_in *wanted = request_take(request, sizeof *wanted);
    struct lock_owner *owner = NULL;
    struct flock range;
    int result = range_of(&wanted->lk, &range);
    if (result < 0)
        return result;
    if ((wanted->lk_flags & FUSE_LK_FLOCK) == 0) {
        result = take_owner(request, wanted, wanted->lk.type != F_UNLCK, &owner);
        if (owner == NULL)
            return result; /* who has none can let go of none */
    }
    result = set(request, wanted, owner, may_wait);
    if (owner != NULL)
        owner_release(owner);
    return result;
}

static int set_and_refresh(struct request *request, bool may_wait) {
    const struct fuse_lk_in *wanted = (const struct fuse_lk_in *)request->body;
    int result = set_lock(request, may_wait);
    if (result == 0 && wanted->lk.type != F_UNLCK) {
        if (request->node->share->is_watched)
            watch_settle(); /* what others did before they let go of it */
        /* its answer comes behind what was taken back, only if it has a notification of its own */
        request->must_forget = fresh_must_forget(request->node) || kept_took_back_lately();
    }
    return result;
}

int op_setlk(struct request *request) { return set_and_refresh(request, false); }

int op_setlkw(struct request *request) { return set_and_refresh(request, true); }

int lock_announce(struct request *request) {
    request->waiter = waiter_new(request->head.unique);
    return request->waiter == NULL ? -ENOLCK : 0;
}

void lock_interrupt(uint64_t unique) { waiter_interrupt(unique); }

void lock_forget_waiter(struct waiter *waiter) { waiter_free(waiter); }
