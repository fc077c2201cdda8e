#include "changes.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attributes.h"
#include "node.h"
#include "operations.h"
#include "session.h"

#define WAITING_MAX 2048u
#define SAME_AMONG 64u /* so many of the last are looked at for the same one */
#define NOBODYS_NODE UINT64_C(0xffffffff00000000) /* of what the guest has never seen */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t hearer; /* 0: none yet */
static bool is_telling; /* of `current` */
static uint32_t nobody;
static struct change current;
static struct change *waiting; /* a ring */
static size_t first, count;

static struct change *at(size_t index) { return &waiting[(first + index) % WAITING_MAX]; }

static bool is_same(const struct change *one, const struct change *other) {
    return memcmp(&one->what, &other->what, sizeof one->what) == 0 &&
           strcmp(one->name, other->name) == 0 && strcmp(one->to_name, other->to_name) == 0;
}

/* Of a file that is written to again and again one word is enough, if nothing else came since. */
static bool waits_already(const struct change *change) {
    if (change->what.kind < CHANGE_CONTENT)
        return false;
    for (size_t back = 0; back < count && back < SAME_AMONG; back++) {
        const struct change *other = at(count - 1 - back);
        if (is_same(other, change))
            return true;
        if (other->what.kind < CHANGE_CONTENT)
            return false;
    }
    return false;
}

static void send_current(void) {
    size_t name = strlen(current.name) + 1, to_name = strlen(current.to_name) + 1;
    uint8_t message[sizeof(struct fuse_out_header) + sizeof current];
    struct fuse_out_header head = {.error = CHANGES_TELL};
    size_t size = sizeof head;
    memcpy(message + size, &current.what, sizeof current.what);
    size += sizeof current.what;
    memcpy(message + size, current.name, name);
    size += name;
    memcpy(message + size, current.to_name, to_name);
    size += to_name;
    head.len = (uint32_t)size;
    memcpy(message, &head, sizeof head);
    session_tell(message, size);
}

/* Under the lock. */
static void tell_next(void) {
    if (is_telling || count == 0 || hearer == 0)
        return;
    current = *at(0);
    first = (first + 1) % WAITING_MAX;
    count--;
    __atomic_store_n(&is_telling, true, __ATOMIC_RELEASE);
    send_current();
}

void changes_begin(uint32_t pid) {
    pthread_mutex_lock(&lock);
    hearer = pid;
    __atomic_store_n(&is_telling, false, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
}

void changes_done(void) {
    pthread_mutex_lock(&lock);
    __atomic_store_n(&is_telling, false, __ATOMIC_RELEASE);
    tell_next();
    pthread_mutex_unlock(&lock);
}

bool changes_are_wanted(void) { return __atomic_load_n(&hearer, __ATOMIC_RELAXED) != 0; }

void changes_tell(const struct change *change) {
    pthread_mutex_lock(&lock);
    if (waiting == NULL)
        waiting = calloc(WAITING_MAX, sizeof *waiting);
    if (waiting != NULL && hearer != 0 && !waits_already(change)) {
        if (count == WAITING_MAX) {
            first = (first + 1) % WAITING_MAX;
            count--;
        }
        *at(count++) = *change;
        tell_next();
    }
    pthread_mutex_unlock(&lock);
}

bool changes_is_echo(const struct request *request) {
    return __atomic_load_n(&is_telling, __ATOMIC_ACQUIRE) && hearer != 0 &&
           request->head.pid == hearer;
}

static bool is_at(const struct request *request, uint64_t folder, const char *name,
                  const char *asked) {
    return request->head.nodeid == folder && strcmp(name, asked) == 0;
}

static int answer_known(struct request *request, const struct known_node *known) {
    struct fuse_entry_out *entry = request_answer(request, sizeof *entry);
    struct stat seen = {.st_mode = known->type | 0600, .st_blksize = 4096};
    if (known->fd >= 0) {
        attributes_read(known->fd, request->node->share->owners, &seen);
        close(known->fd);
    }
    seen.st_nlink = 1; /* which goes by what follows */
    entry->nodeid = known->id;
    attributes_write(&seen, &entry->attr);
    return 0;
}

/* Of what isn't there any more: what the guest knows of it, or what it may have been. */
static int answer_gone(struct request *request) {
    struct known_node known;
    if (!node_known_as(request->node, current.name, &known))
        known = (struct known_node){NOBODYS_NODE | nobody++, current.what.type, -1};
    return answer_known(request, &known);
}

/* What moved there took the place of another, if the guest knows it. */
static int answer_replaced(struct request *request) {
    struct known_node known;
    return node_known_as(request->node, current.to_name, &known) ? answer_known(request, &known)
                                                                 : -ENOENT;
}

static int answer_found(struct request *request, uint64_t folder, const char *name) {
    struct node *node;
    int result = node_take(folder, &node);
    if (result < 0)
        return result;
    result = entry_find(node, name, request_answer(request, sizeof(struct fuse_entry_out)));
    node_release(node);
    return result;
}

/* What was made, or came there; it may have gone already. */
static int answer_present(struct request *request, uint64_t folder, const char *name) {
    int result = answer_found(request, folder, name);
    if (result != -ENOENT)
        return result;
    request->answered = 0;
    return answer_gone(request);
}

static int look_up(struct request *request) {
    const struct shared_change *what = &current.what;
    const char *asked = request_take_text(request);
    request->taken = 0;
    if (asked == NULL)
        return NO_ECHO;
    if (what->kind == CHANGE_MOVED && is_at(request, what->to_folder, current.to_name, asked))
        return answer_replaced(request);
    if (!is_at(request, what->folder, current.name, asked))
        return NO_ECHO;
    switch (what->kind) {
    case CHANGE_CREATED:
        return -ENOENT;
    case CHANGE_REMOVED:
        return answer_gone(request);
    case CHANGE_MOVED:
        return answer_present(request, what->to_folder, current.to_name);
    default:
        return NO_ECHO;
    }
}

/* Opens it for nothing but reading: the host hears of no writer. */
static int open_to_read(struct request *request) {
    struct fuse_open_in wanted;
    if (request->size < sizeof wanted)
        return -EINVAL;
    memcpy(&wanted, request->body, sizeof wanted);
    wanted.flags = (wanted.flags & ~(uint32_t)(O_ACCMODE | O_TRUNC)) | O_RDONLY;
    wanted.open_flags = 0;
    request->body = (const uint8_t *)&wanted;
    return op_open(request);
}

int changes_answer(struct request *request) {
    switch (request->head.opcode) {
    case FUSE_LOOKUP:
        return look_up(request);
    case FUSE_MKNOD:
    case FUSE_MKDIR:
    case FUSE_SYMLINK:
        return answer_present(request, current.what.folder, current.name);
    case FUSE_UNLINK:
    case FUSE_RMDIR:
    case FUSE_RENAME:
    case FUSE_RENAME2:
        return 0;
    case FUSE_SETATTR:
        return op_getattr(request);
    case FUSE_OPEN:
        return open_to_read(request);
    default:
        return NO_ECHO;
    }
}
