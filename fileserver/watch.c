#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "changes.h"
#include "kept.h"
#include "own_changes.h"
#include "place.h"

#define WATCHES_MAX 16384u
#define NODES_OF_ONE 8u /* a folder that is shared more than once */
#define PAIR_MS 10      /* until the other half of a move has come */
#define PAUSE_NS 300000 /* what comes meanwhile is one word */
#define MANY 2048       /* bytes of events: of so many some are the same */
#define SETTLES 400u
#define WANTED                                                                                     \
    (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE)

struct watched {
    struct watched *next;
    int watch;
    uint64_t node;
};

static int inotify = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the table; the nodes' comes first */
static struct watched *table[1024];
static size_t count, bound = WATCHES_MAX;
static bool was_refused;

static struct watched **bucket_of(int watch) {
    return &table[(unsigned)watch % (sizeof table / sizeof *table)];
}

static void say_once(const char *why) {
    if (!was_refused)
        fprintf(stderr, "dvm-fileserver: no more folders are watched for changes: %s\n", why);
    was_refused = true;
}

/* Of a file system that another host has, too, the kernel tells what this host does. */
static bool is_local(int fd) {
    static const unsigned long kinds[] = {0xef53,     0x58465342, 0x9123683e, 0x01021994,
                                          0xf2f52010, 0x2fc12fc1, 0x794c7630, 0xca451a4e};
    struct statfs status;
    if (fstatfs(fd, &status) < 0)
        return false;
    for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++)
        if ((unsigned long)status.f_type == kinds[index])
            return true;
    return false;
}

void watch_begin(struct node *node) {
    char path[PLACE_MAX];
    if (inotify < 0 || !changes_are_wanted())
        return;
    if (count >= bound) {
        say_once("there are too many");
        return;
    }
    place_of_fd(node->fd, path);
    pthread_mutex_lock(&lock);
    int watch = inotify_add_watch(inotify, path, WANTED);
    struct watched *entry = watch < 0 ? NULL : calloc(1, sizeof *entry);
    if (watch < 0) {
        say_once(strerror(errno));
        bound = count;
    }
    if (entry != NULL) {
        struct watched **bucket = bucket_of(watch);
        *entry = (struct watched){*bucket, watch, node->id};
        *bucket = entry;
        count++;
        node->watch = watch;
        node->hears_all = is_local(node->fd);
    }
    pthread_mutex_unlock(&lock);
}

/* Takes out all entries of a watch, or those of one node; how many are left. Under the lock. */
static size_t take_out(int watch, uint64_t node) {
    size_t left = 0;
    for (struct watched **at = bucket_of(watch); *at != NULL;) {
        struct watched *entry = *at;
        if (entry->watch != watch || (node != 0 && entry->node != node)) {
            left += entry->watch == watch;
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        free(entry);
        count--;
    }
    return left;
}

void watch_end(struct node *node) {
    if (node->watch == 0)
        return;
    pthread_mutex_lock(&lock);
    if (take_out(node->watch, node->id) == 0)
        inotify_rm_watch(inotify, node->watch);
    pthread_mutex_unlock(&lock);
    node->watch = 0;
    node->hears_all = false;
}

/* Those whose watch this is. */
static size_t nodes_of(int watch, uint64_t nodes[NODES_OF_ONE]) {
    size_t found = 0;
    pthread_mutex_lock(&lock);
    for (struct watched *at = *bucket_of(watch); at != NULL && found < NODES_OF_ONE; at = at->next)
        if (at->watch == watch)
            nodes[found++] = at->node;
    pthread_mutex_unlock(&lock);
    return found;
}

static uint32_t type_of(const struct node *folder, const struct inotify_event *event) {
    struct stat status;
    if ((event->mask & IN_ISDIR) != 0)
        return S_IFDIR;
    if (fstatat(folder->fd, event->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return S_IFREG;
    return status.st_mode & S_IFMT;
}

static bool is_own(struct node *folder, const char *name) {
    struct node *child = name[0] == 0 ? NULL : node_of_entry(folder, name);
    bool is_own = is_own_change(name, name[0] == 0 ? folder : child);
    if (child != NULL)
        node_release(child);
    return is_own;
}

/* What the guest may have kept of what has changed it forgets. */
static void take_back(uint64_t id, const struct inotify_event *event) {
    const uint32_t of_names = IN_CREATE | IN_DELETE | IN_MOVE;
    struct node *folder, *child = NULL;
    if ((event->mask & (of_names | IN_MODIFY | IN_ATTRIB)) == 0)
        return;
    if (event->len == 0 || (event->mask & of_names) != 0) {
        if (node_was_kept(id))
            kept_take_back_attributes(id);
        if (event->len > 0 && node_names_were_kept(id))
            kept_take_back_name(id, event->name);
        return;
    }
    if (node_take(id, &folder) < 0)
        return;
    child = node_of_entry(folder, event->name);
    node_release(folder);
    if (child == NULL)
        return;
    if (node_was_kept(child->id))
        kept_take_back_attributes(child->id);
    node_release(child);
}

static void take_back_all(const struct inotify_event *event) {
    uint64_t nodes[NODES_OF_ONE];
    size_t found = nodes_of(event->wd, nodes);
    kept_hear(event->len > 0 ? event->name : "");
    for (size_t index = 0; index < found; index++)
        take_back(nodes[index], event);
}

static enum change_kind kind_of(uint32_t mask) {
    if ((mask & (IN_CREATE | IN_MOVED_TO)) != 0)
        return CHANGE_CREATED;
    if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0)
        return CHANGE_REMOVED;
    if ((mask & IN_MODIFY) != 0)
        return CHANGE_CONTENT;
    return (mask & IN_ATTRIB) != 0 ? CHANGE_ATTRIBUTES : CHANGE_CLOSED;
}

/* `to`: the other half of a move; NULL: it is none. */
static void tell(uint64_t id, const struct inotify_event *event, const struct inotify_event *to) {
    struct change change = {.what = {.kind = kind_of(event->mask), .folder = id}};
    uint64_t others[NODES_OF_ONE];
    struct node *folder;
    const char *name = event->len > 0 ? event->name : "";
    if (node_take(id, &folder) < 0)
        return;
    bool is_known = !is_own(folder, name) && (name[0] != 0 || folder->type == S_IFREG);
    change.what.type = is_known && name[0] != 0 ? type_of(folder, event) : folder->type;
    node_release(folder);
    snprintf(change.name, sizeof change.name, "%s", name);
    if (to != NULL && nodes_of(to->wd, others) > 0) {
        change.what.kind = CHANGE_MOVED;
        change.what.to_folder = others[0];
        snprintf(change.to_name, sizeof change.to_name, "%s", to->name);
    }
    if (is_known)
        changes_tell(&change);
}

static void tell_all(const struct inotify_event *event, const struct inotify_event *to) {
    uint64_t nodes[NODES_OF_ONE];
    size_t found = nodes_of(event->wd, nodes);
    for (size_t index = 0; index < found; index++)
        tell(nodes[index], event, to);
}

/* What has begun to move, and may have gone elsewhere or to where nobody looks. */
static union {
    struct inotify_event event;
    char bytes[sizeof(struct inotify_event) + NAME_MAX + 1];
} moving;
static bool is_moving, is_busy;

static void settle_move(const struct inotify_event *to) {
    if (is_moving)
        tell_all(&moving.event, to);
    is_moving = false;
}

static void take(const struct inotify_event *event) {
    take_back_all(event);
    bool is_end =
        is_moving && (event->mask & IN_MOVED_TO) != 0 && event->cookie == moving.event.cookie;
    settle_move(is_end ? event : NULL);
    if (is_end)
        return;
    if ((event->mask & IN_Q_OVERFLOW) != 0)
        fprintf(stderr, "dvm-fileserver: too many changes at once: some are not told\n");
    if ((event->mask & IN_IGNORED) != 0) {
        pthread_mutex_lock(&lock);
        take_out(event->wd, 0);
        pthread_mutex_unlock(&lock);
    }
    if ((event->mask & WANTED) == 0)
        return;
    if ((event->mask & IN_MOVED_FROM) == 0) {
        tell_all(event, NULL);
        return;
    }
    memcpy(moving.bytes, event, sizeof *event + event->len);
    is_moving = true;
}

static void *watch(void *nothing) {
    (void)nothing;
    static _Alignas(struct inotify_event) char buffer[65536];
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    for (;;) {
        struct pollfd ready = {.fd = inotify, .events = POLLIN};
        if (poll(&ready, 1, is_moving ? PAIR_MS : -1) == 0)
            settle_move(NULL);
        __atomic_store_n(&is_busy, true, __ATOMIC_SEQ_CST);
        ssize_t size = read(inotify, buffer, sizeof buffer);
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const void *)(buffer + at);
            take(event);
            at += (ssize_t)(sizeof *event + event->len);
        }
        __atomic_store_n(&is_busy, false, __ATOMIC_SEQ_CST);
        if (size >= MANY)
            nanosleep(&pause, NULL);
    }
    return NULL;
}

void watch_start(void) {
    pthread_t thread;
    pthread_mutex_lock(&lock);
    if (inotify < 0) {
        inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (inotify < 0)
            say_once(strerror(errno));
        else if (pthread_create(&thread, NULL, watch, NULL) != 0)
            say_once("cannot start a thread");
    }
    pthread_mutex_unlock(&lock);
}

void watch_settle(void) {
    const struct timespec pause = {.tv_nsec = PAUSE_NS / 6};
    int left = 0;
    for (unsigned times = 0; inotify >= 0 && times < SETTLES; times++) {
        bool waits = ioctl(inotify, FIONREAD, &left) == 0 && left > 0;
        if (!waits && !__atomic_load_n(&is_busy, __ATOMIC_SEQ_CST))
            return;
        nanosleep(&pause, NULL);
    }
}
