/* What files hold. */

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "attributes.h"
#include "handle.h"
#include "node.h"
#include "operations.h"
#include "place.h"
#include "share.h"

#define APPENDING 0x10 /* RWF_APPEND */
#define COPY_MAX (64u << 20)

int op_read(struct request *request) {
    const struct fuse_read_in *wanted = request_take(request, sizeof *wanted);
    if (wanted->size > DATA_MAX)
        return -EINVAL;
    ssize_t count =
        pread(request->handle->fd, request->answer, wanted->size, (off_t)wanted->offset);
    if (count < 0)
        return -errno;
    request->answered = (size_t)count;
    return 0;
}

static ssize_t write_at(int fd, const void *data, size_t size, uint64_t offset, bool append) {
    if (!append)
        return pwrite(fd, data, size, (off_t)offset);
    struct iovec part = {(void *)(uintptr_t)data, size};
    return syscall(SYS_pwritev2, fd, &part, 1, 0, 0, APPENDING);
}

int op_write(struct request *request) {
    const struct fuse_write_in *wanted = request_take(request, sizeof *wanted);
    const void *data = wanted->size > DATA_MAX ? NULL : request_take(request, wanted->size);
    if (data == NULL)
        return -EINVAL;
    /* pages that are written back have their places, whatever handle they come through */
    bool append = (wanted->flags & O_APPEND) != 0 && (wanted->write_flags & FUSE_WRITE_CACHE) == 0;
    ssize_t count = write_at(request->handle->fd, data, wanted->size, wanted->offset, append);
    if (count < 0)
        return -errno;
    if ((wanted->write_flags & FUSE_WRITE_KILL_SUIDGID) != 0)
        attributes_clear_suid(request->node);
    struct fuse_write_out *answer = request_answer(request, sizeof *answer);
    answer->size = (uint32_t)count;
    return 0;
}

int op_fsync(struct request *request) {
    const struct fuse_fsync_in *wanted = request_take(request, sizeof *wanted);
    bool data_only = (wanted->fsync_flags & FUSE_FSYNC_FDATASYNC) != 0;
    int fd = request->handle->fd;
    return (data_only ? fdatasync(fd) : fsync(fd)) < 0 ? -errno : 0;
}

int op_syncfs(struct request *request) {
    (void)request;
    return shares_sync();
}

/* Who may keep set-user-ID through a write is judged by the guest, but not told here. */
static void changed_by(const struct request *request) {
    if (request->head.uid != 0)
        attributes_clear_suid(request->node);
}

int op_fallocate(struct request *request) {
    const struct fuse_fallocate_in *wanted = request_take(request, sizeof *wanted);
    if (fallocate(request->handle->fd, (int)wanted->mode, (off_t)wanted->offset,
                  (off_t)wanted->length) < 0)
        return -errno;
    changed_by(request);
    return 0;
}

int op_lseek(struct request *request) {
    const struct fuse_lseek_in *wanted = request_take(request, sizeof *wanted);
    if (wanted->whence != SEEK_DATA && wanted->whence != SEEK_HOLE)
        return -EINVAL;
    off_t at = lseek(request->handle->fd, (off_t)wanted->offset, (int)wanted->whence);
    if (at < 0)
        return -errno;
    struct fuse_lseek_out *answer = request_answer(request, sizeof *answer);
    answer->offset = (uint64_t)at;
    return 0;
}

static int copy(struct request *request, const struct fuse_copy_file_range_in *wanted,
                struct handle *to) {
    off_t from = (off_t)wanted->off_in, into = (off_t)wanted->off_out;
    size_t size = wanted->len < COPY_MAX ? (size_t)wanted->len : COPY_MAX;
    long count = syscall(SYS_copy_file_range, request->handle->fd, &from, to->fd, &into, size, 0);
    if (count < 0)
        return -errno;
    if (request->head.uid != 0)
        attributes_clear_suid(to->node);
    struct fuse_write_out *answer = request_answer(request, sizeof *answer);
    answer->size = (uint32_t)count;
    return 0;
}

int op_copy_file_range(struct request *request) {
    const struct fuse_copy_file_range_in *wanted = request_take(request, sizeof *wanted);
    struct node *node;
    int result = wanted->nodeid_out == FUSE_ROOT_ID ? -EBADF : node_take(wanted->nodeid_out, &node);
    if (result < 0)
        return result;
    struct handle *to = handle_take(wanted->fh_out, node);
    if (to == NULL)
        result = -EBADF;
    else if (node->share->is_read_only)
        result = -EROFS;
    else
        result = copy(request, wanted, to);
    if (to != NULL)
        handle_release(to);
    node_release(node);
    return result;
}

/* Flags of files (lsattr, chattr): no other command may reach the host. */
int op_ioctl(struct request *request) {
    const struct fuse_ioctl_in *wanted = request_take(request, sizeof *wanted);
    int fd = request->handle->fd;
    union {
        int flags;
        struct fsxattr extended;
    } data = {0};
    size_t size = wanted->cmd == FS_IOC_FSGETXATTR ? sizeof data.extended : sizeof data.flags;
    int result;
    switch (wanted->cmd) {
    case FS_IOC_GETFLAGS:
    case FS_IOC_FSGETXATTR:
        if (wanted->out_size < size)
            return -EINVAL;
        result = ioctl(fd, wanted->cmd, &data);
        break;
    case FS_IOC_SETFLAGS: {
        const int *flags = wanted->in_size < size ? NULL : request_take(request, sizeof *flags);
        if (flags == NULL)
            return -EINVAL;
        if (request->node->share->is_read_only)
            return -EROFS;
        data.flags = *flags;
        size = 0;
        result = ioctl(fd, wanted->cmd, &data.flags);
        break;
    }
    default:
        return -ENOTTY;
    }
    if (result < 0)
        return -errno;
    request_answer(request, sizeof(struct fuse_ioctl_out));
    __builtin_memcpy(request_answer(request, size), &data, size);
    return 0;
}
