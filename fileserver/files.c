/* Opening and making files, and letting them go. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "attributes.h"
#include "handle.h"
#include "kept.h"
#include "lock.h"
#include "mapped.h"
#include "node.h"
#include "operations.h"
#include "owner.h"
#include "place.h"
#include "watch.h"

/* The guest's pages of a file that was changed so lately aren't kept: the next change could bear
 * the same time. */
#define SETTLED_S 2

/*
 * What of a guest's flags the host's file is opened with. Not O_APPEND: pages that the guest writes
 * back through any handle have their places; who appends is told by each write. Not O_DIRECT: the
 * data comes through memory here, which is aligned to nothing.
 */
static int host_flags(const struct share *share, uint32_t flags) {
    int wanted = (int)flags & (O_ACCMODE | O_TRUNC | O_SYNC | O_DSYNC | O_NOATIME);
    return share->is_read_only ? wanted | O_NOATIME : wanted;
}

static bool would_write(uint32_t flags) {
    return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0;
}

static int open_node(const struct node *node, int flags) {
    int fd = place_open(node->fd, flags);
    if (fd == -EPERM && (flags & O_NOATIME) != 0)
        fd = place_open(node->fd, flags & ~O_NOATIME);
    return fd == -EMFILE ? -ENFILE : fd;
}

static uint32_t cache_flags(int fd) {
    struct stat status;
    bool is_settled = fstat(fd, &status) == 0 && status.st_ctim.tv_sec + SETTLED_S < time(NULL);
    return is_settled ? FOPEN_KEEP_CACHE : 0;
}

int op_open(struct request *request) {
    const struct fuse_open_in *wanted = request_take(request, sizeof *wanted);
    struct node *node = request->node;
    if (node->type != S_IFREG) /* what else there is the guest's kernel opens itself */
        return node->type == S_IFDIR ? -EISDIR : -ENXIO;
    if (node->share->is_read_only && would_write(wanted->flags))
        return -EROFS;
    int flags = host_flags(node->share, wanted->flags);
    if (node->share->is_watched) {
        /* who opens a file sees what others wrote before, though its size may have been kept */
        watch_settle();
        request->comes_after = kept_took_back_lately();
    }
    int fd = open_node(node, flags);
    if (fd < 0)
        return fd;
    struct fuse_open_out *answer = request_answer(request, sizeof *answer);
    answer->open_flags = cache_flags(fd);
    int result = 0;
    if ((wanted->open_flags & FUSE_OPEN_KILL_SUIDGID) != 0)
        result = attributes_clear_suid(node);
    if (result < 0)
        close(fd);
    return result < 0 ? result : handle_add(node, fd, flags, &answer->fh);
}

int op_opendir(struct request *request) {
    int fd = open_node(request->node, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    struct fuse_open_out *answer = request_answer(request, sizeof *answer);
    return handle_add(request->node, fd, O_RDONLY, &answer->fh);
}

/* The answer to what made and opened a file: its entry and its handle. */
static int answer_opened(struct request *request, const char *name, int fd, int flags) {
    struct fuse_entry_out *entry = request_answer(request, sizeof *entry);
    struct fuse_open_out *answer = request_answer(request, sizeof *answer);
    struct stat status, seen;
    struct share *share = request->node->share;
    int place = place_open(fd, O_PATH);
    int result = place < 0 ? place : 0;
    if (result == 0 && fstat(place, &status) < 0)
        result = -errno;
    if (result == 0)
        result = attributes_read(place, share->owners, &seen);
    if (result < 0) {
        if (place >= 0)
            close(place);
        close(fd);
        return result;
    }
    struct node *folder = name == NULL ? NULL : request->node;
    result = node_of_file(share, place, &status, folder, name, &entry->nodeid);
    struct node *node = NULL;
    if (result == 0)
        result = node_take(entry->nodeid, &node);
    if (result < 0) {
        close(fd);
        return result;
    }
    attributes_write(&seen, &entry->attr);
    result = handle_add(node, fd, flags, &answer->fh);
    if (result < 0)
        node_forget(entry->nodeid, 1);
    node_release(node);
    return result;
}

/* Makes a file, which is opened as `flags` say. A descriptor, or -errno. */
static int make(struct request *request, const char *name, int flags, mode_t mode, uint32_t mask) {
    int result = owner_begin(request, mask);
    if (result < 0)
        return result;
    bool is_mapped = request->node->share->owners == OWNERS_MAPPED;
    if (is_mapped && (flags & O_ACCMODE) == O_WRONLY)
        flags = (flags & ~O_ACCMODE) | O_RDWR;
    int fd = openat(request->node->fd, name, flags | O_NOFOLLOW | O_CLOEXEC,
                    is_mapped ? 0600 : mode & 07777);
    result = fd < 0 ? -errno : fd;
    owner_end(request);
    if (fd >= 0 && is_mapped) {
        result = mapped_made(request, fd, S_IFREG | (mode & 07777), mask, 0);
        if (result == 0)
            return fd;
        close(fd);
        if ((flags & O_TMPFILE) != O_TMPFILE)
            unlinkat(request->node->fd, name, 0);
    }
    return result == -EMFILE ? -ENFILE : result;
}

/* Opens what is there already, if it is a file. */
static int open_existing(struct request *request, const char *name, int flags) {
    int place = openat(request->node->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (place < 0)
        return errno == ENOENT ? -ESTALE : -errno;
    struct stat status;
    int fd =
        fstat(place, &status) == 0 && S_ISREG(status.st_mode) ? place_open(place, flags) : -ESTALE;
    close(place);
    return fd;
}

int op_create(struct request *request) {
    const struct fuse_create_in *wanted = request_take(request, sizeof *wanted);
    const char *name;
    int result = request_take_name(request, &name);
    if (result < 0)
        return result;
    int flags = host_flags(request->node->share, wanted->flags);
    int made = (flags & ~(O_TRUNC | O_NOATIME)) | O_CREAT | O_EXCL;
    int fd = make(request, name, made, wanted->mode, wanted->umask);
    if (fd == -EEXIST && (wanted->flags & O_EXCL) == 0)
        fd = open_existing(request, name, flags);
    return fd < 0 ? fd : answer_opened(request, name, fd, flags);
}

int op_tmpfile(struct request *request) {
    const struct fuse_create_in *wanted = request_take(request, sizeof *wanted);
    int flags = (host_flags(request->node->share, wanted->flags) & ~(O_TRUNC | O_NOATIME)) |
                O_TMPFILE | ((int)wanted->flags & O_EXCL);
    if ((flags & O_ACCMODE) == O_RDONLY)
        return -EINVAL;
    int fd = make(request, ".", flags, wanted->mode, wanted->umask);
    return fd < 0 ? fd : answer_opened(request, NULL, fd, flags & ~O_TMPFILE);
}

/* What had to be done in order lock_release has done; the descriptor goes with the last user. */
int op_release(struct request *request) {
    handle_drop(request->handle);
    return 0;
}

int op_flush(struct request *request) {
    const struct fuse_flush_in *wanted = request_take(request, sizeof *wanted);
    locks_drop_owner(request->node, wanted->lock_owner);
    int copy = fcntl(request->handle->fd, F_DUPFD_CLOEXEC, 0);
    return copy >= 0 && close(copy) < 0 && errno != EINTR ? -errno : 0;
}
