#include "operations.h"

#include <errno.h>
#include <fcntl.h>

#include "changes.h"
#include "handle.h"
#include "kept.h"
#include "lock.h"
#include "node.h"
#include "own_changes.h"

#define WRITES 1u     /* refused on a read-only share */
#define HAS_HANDLE 2u /* its body begins with a file handle */
#define IN_FOLDER 4u  /* its node is a folder */

struct operation {
    int (*run)(struct request *request);
    uint32_t least; /* bytes of the body */
    unsigned traits;
};

#define OF(type) sizeof(struct type)

static const struct operation operations[] = {
    [FUSE_LOOKUP] = {op_lookup, 2, IN_FOLDER},
    [FUSE_GETATTR] = {op_getattr, OF(fuse_getattr_in), 0},
    [FUSE_SETATTR] = {op_setattr, OF(fuse_setattr_in), WRITES},
    [FUSE_READLINK] = {op_readlink, 0, 0},
    [FUSE_SYMLINK] = {op_symlink, 4, WRITES | IN_FOLDER},
    [FUSE_MKNOD] = {op_mknod, OF(fuse_mknod_in), WRITES | IN_FOLDER},
    [FUSE_MKDIR] = {op_mkdir, OF(fuse_mkdir_in), WRITES | IN_FOLDER},
    [FUSE_UNLINK] = {op_unlink, 2, WRITES | IN_FOLDER},
    [FUSE_RMDIR] = {op_rmdir, 2, WRITES | IN_FOLDER},
    [FUSE_RENAME] = {op_rename, OF(fuse_rename_in), WRITES | IN_FOLDER},
    [FUSE_LINK] = {op_link, OF(fuse_link_in), WRITES | IN_FOLDER},
    [FUSE_OPEN] = {op_open, OF(fuse_open_in), 0},
    [FUSE_READ] = {op_read, OF(fuse_read_in), HAS_HANDLE},
    [FUSE_WRITE] = {op_write, OF(fuse_write_in), WRITES | HAS_HANDLE},
    [FUSE_STATFS] = {op_statfs, 0, 0},
    [FUSE_RELEASE] = {op_release, OF(fuse_release_in), HAS_HANDLE},
    [FUSE_FSYNC] = {op_fsync, OF(fuse_fsync_in), HAS_HANDLE},
    [FUSE_SETXATTR] = {op_setxattr, FUSE_COMPAT_SETXATTR_IN_SIZE, WRITES},
    [FUSE_GETXATTR] = {op_getxattr, OF(fuse_getxattr_in), 0},
    [FUSE_LISTXATTR] = {op_listxattr, OF(fuse_getxattr_in), 0},
    [FUSE_REMOVEXATTR] = {op_removexattr, 2, WRITES},
    [FUSE_FLUSH] = {op_flush, OF(fuse_flush_in), HAS_HANDLE},
    [FUSE_OPENDIR] = {op_opendir, OF(fuse_open_in), IN_FOLDER},
    [FUSE_READDIR] = {op_readdir, OF(fuse_read_in), HAS_HANDLE | IN_FOLDER},
    [FUSE_RELEASEDIR] = {op_release, OF(fuse_release_in), HAS_HANDLE},
    [FUSE_FSYNCDIR] = {op_fsync, OF(fuse_fsync_in), HAS_HANDLE},
    [FUSE_GETLK] = {op_getlk, OF(fuse_lk_in), HAS_HANDLE},
    [FUSE_SETLK] = {op_setlk, OF(fuse_lk_in), HAS_HANDLE},
    [FUSE_SETLKW] = {op_setlkw, OF(fuse_lk_in), HAS_HANDLE},
    [FUSE_CREATE] = {op_create, OF(fuse_create_in), WRITES | IN_FOLDER},
    [FUSE_IOCTL] = {op_ioctl, OF(fuse_ioctl_in), HAS_HANDLE},
    [FUSE_FALLOCATE] = {op_fallocate, OF(fuse_fallocate_in), WRITES | HAS_HANDLE},
    [FUSE_READDIRPLUS] = {op_readdirplus, OF(fuse_read_in), HAS_HANDLE | IN_FOLDER},
    [FUSE_RENAME2] = {op_rename2, OF(fuse_rename2_in), WRITES | IN_FOLDER},
    [FUSE_LSEEK] = {op_lseek, OF(fuse_lseek_in), HAS_HANDLE},
    [FUSE_COPY_FILE_RANGE] = {op_copy_file_range, OF(fuse_copy_file_range_in), HAS_HANDLE},
    [OPERATION_SYNCFS] = {op_syncfs, 0, 0},
    [OPERATION_TMPFILE] = {op_tmpfile, OF(fuse_create_in), WRITES | IN_FOLDER},
};

static int forget_many(struct request *request) {
    const struct fuse_batch_forget_in *batch = request_take(request, sizeof *batch);
    for (uint32_t left = batch == NULL ? 0 : batch->count; left > 0; left--) {
        const struct fuse_forget_one *one = request_take(request, sizeof *one);
        if (one == NULL)
            break;
        node_forget(one->nodeid, one->nlookup);
    }
    return NO_ANSWER;
}

static int forget(struct request *request) {
    const struct fuse_forget_in *one = request_take(request, sizeof *one);
    if (one != NULL)
        node_forget(request->head.nodeid, one->nlookup);
    return NO_ANSWER;
}

static int interrupt(struct request *request) {
    const struct fuse_interrupt_in *which = request_take(request, sizeof *which);
    if (which != NULL)
        lock_interrupt(which->unique);
    return NO_ANSWER;
}

static void begin_anew(void) {
    handles_drop_all();
    nodes_drop_all();
}

static const struct operation *operation_of(const struct request *request) {
    uint32_t code = request->head.opcode;
    return code < sizeof operations / sizeof *operations && operations[code].run != NULL
               ? &operations[code]
               : NULL;
}

/* Finds what the request is about. */
static int find(struct request *request, const struct operation *operation) {
    int result = node_take(request->head.nodeid, &request->node);
    if (result < 0)
        return result;
    request->is_echo = changes_is_echo(request);
    if ((operation->traits & WRITES) != 0 && request->node->share->is_read_only &&
        !request->is_echo)
        return -EROFS;
    if ((operation->traits & IN_FOLDER) != 0 && request->node->type != S_IFDIR)
        return -ENOTDIR;
    if ((operation->traits & HAS_HANDLE) != 0) {
        uint64_t handle = *(const uint64_t *)request->body;
        request->handle = handle_take(handle, request->node);
        return request->handle == NULL ? -EBADF : 0;
    }
    return 0;
}

int operation_arrived(struct request *request) {
    switch (request->head.opcode) {
    case FUSE_INIT:
    case FUSE_DESTROY:
        begin_anew();
        return 0;
    case FUSE_FORGET:
        return forget(request);
    case FUSE_BATCH_FORGET:
        return forget_many(request);
    case FUSE_INTERRUPT:
        return interrupt(request);
    case CHANGES_BEGIN:
        changes_begin(request->head.pid);
        return NO_ANSWER;
    case CHANGES_DONE:
        changes_done();
        return NO_ANSWER;
    }
    request->news = kept_news();
    const struct operation *operation = operation_of(request);
    if (operation == NULL)
        return -ENOSYS;
    if (request->size < operation->least)
        return -EINVAL;
    if (request->head.nodeid == FUSE_ROOT_ID)
        return 0;
    int result = find(request, operation);
    if (result < 0)
        return result;
    if (request->head.opcode == FUSE_RELEASE || request->head.opcode == FUSE_RELEASEDIR)
        lock_release(request); /* before the next one asks for the lock */
    if (request->head.opcode == FUSE_SETLKW)
        return lock_announce(request);
    return 0;
}

/* The host tells of a file that was open for writing when that is closed. */
static bool may_change(const struct request *request, const struct operation *operation) {
    bool closes = request->head.opcode == FUSE_RELEASE || request->head.opcode == FUSE_FLUSH;
    return (operation->traits & WRITES) != 0 ||
           (closes && (request->handle->flags & O_ACCMODE) != O_RDONLY);
}

static int run(struct request *request, const struct operation *operation) {
    if (request->node->share->is_watched && may_change(request, operation)) {
        own_change_of(request->node);
        request->changes_names = (operation->traits & IN_FOLDER) != 0;
    }
    return operation->run(request);
}

int operation_run(struct request *request) {
    if (request->head.opcode == FUSE_INIT)
        return op_init(request);
    if (request->head.opcode == FUSE_DESTROY)
        return 0;
    if (request->head.nodeid == FUSE_ROOT_ID)
        return op_virtual_root(request);
    int result = request->is_echo ? changes_answer(request) : NO_ECHO;
    if (result != NO_ECHO)
        return result;
    const struct operation *operation = operation_of(request);
    /* who says it were an echo may change no more than others */
    if ((operation->traits & WRITES) != 0 && request->node->share->is_read_only)
        return -EROFS;
    return run(request, operation);
}

void operation_done(struct request *request) {
    if (request->waiter != NULL)
        lock_forget_waiter(request->waiter);
    if (request->handle != NULL)
        handle_release(request->handle);
    if (request->node != NULL)
        node_release(request->node);
}
