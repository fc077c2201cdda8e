#include "attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "handle.h"
#include "kept.h"
#include "mapped.h"
#include "operations.h"
#include "owner.h"
#include "place.h"

#define DEVICES_MAX 4096

int attributes_read(int fd, enum owners owners, struct stat *status) {
    if (fstat(fd, status) < 0)
        return -errno;
    if (owners == OWNERS_MAPPED)
        mapped_read(fd, status);
    return 0;
}

uint64_t attributes_inode(dev_t device, uint64_t inode) {
    static dev_t devices[DEVICES_MAX];
    static uint64_t count;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    uint64_t known = __atomic_load_n(&count, __ATOMIC_ACQUIRE);
    uint64_t index = 0;
    while (index < known && devices[index] != device)
        index++;
    if (index == known) {
        pthread_mutex_lock(&lock);
        for (index = known; index < count && devices[index] != device;)
            index++;
        if (index == count && count < DEVICES_MAX) {
            devices[index] = device;
            __atomic_store_n(&count, index + 1, __ATOMIC_RELEASE);
        }
        pthread_mutex_unlock(&lock);
    }
    return inode ^ index << 48;
}

uint32_t attributes_valid_ns(mode_t mode) {
    return S_ISDIR(mode) ? FOLDER_VALID_NS : FILE_VALID_NS;
}

uint32_t device_encode(dev_t device) {
    return (minor(device) & 0xffu) | major(device) << 8 | (minor(device) & ~0xffu) << 12;
}

dev_t device_decode(uint32_t encoded) {
    return makedev(encoded >> 8 & 0xfffu, (encoded & 0xffu) | (encoded >> 12 & 0xfff00u));
}

void attributes_write(const struct stat *status, struct fuse_attr *attributes) {
    *attributes = (struct fuse_attr){
        .ino = attributes_inode(status->st_dev, status->st_ino),
        .size = (uint64_t)status->st_size,
        .blocks = (uint64_t)status->st_blocks,
        .atime = (uint64_t)status->st_atim.tv_sec,
        .mtime = (uint64_t)status->st_mtim.tv_sec,
        .ctime = (uint64_t)status->st_ctim.tv_sec,
        .atimensec = (uint32_t)status->st_atim.tv_nsec,
        .mtimensec = (uint32_t)status->st_mtim.tv_nsec,
        .ctimensec = (uint32_t)status->st_ctim.tv_nsec,
        .mode = status->st_mode,
        .nlink = (uint32_t)status->st_nlink,
        .uid = status->st_uid,
        .gid = status->st_gid,
        .rdev = device_encode(status->st_rdev),
        .blksize = (uint32_t)status->st_blksize,
    };
}

int entry_answer(struct node *folder, const char *name, int fd, struct fuse_entry_out *entry) {
    struct stat status;
    struct stat seen;
    if (fstat(fd, &status) < 0) {
        close(fd);
        return -errno;
    }
    seen = status;
    if (folder->share->owners == OWNERS_MAPPED)
        mapped_read(fd, &seen);
    int result = node_of_file(folder->share, fd, &status, folder, name, &entry->nodeid);
    if (result < 0)
        return result;
    entry->entry_valid_nsec = ENTRY_VALID_NS;
    entry->attr_valid_nsec = attributes_valid_ns(seen.st_mode);
    if (node_may_be_kept(entry->nodeid, &status))
        entry->entry_valid = entry->attr_valid = KEPT_S;
    attributes_write(&seen, &entry->attr);
    return 0;
}

static int answer_attributes(struct request *request) {
    struct stat status;
    int result = attributes_read(request->node->fd, request->node->share->owners, &status);
    if (result < 0)
        return result;
    struct fuse_attr_out *answer = request_answer(request, sizeof *answer);
    answer->attr_valid_nsec = attributes_valid_ns(status.st_mode);
    if (node_may_be_kept(request->node->id, &status))
        answer->attr_valid = KEPT_S;
    attributes_write(&status, &answer->attr);
    return 0;
}

int op_getattr(struct request *request) { return answer_attributes(request); }

static int change_size(struct request *request, const struct fuse_setattr_in *wanted) {
    if (wanted->size > INT64_MAX)
        return -EINVAL;
    if (request->node->type != S_IFREG)
        return request->node->type == S_IFDIR ? -EISDIR : -EINVAL;
    if ((wanted->valid & FATTR_FH) != 0) {
        request->handle = handle_take(wanted->fh, request->node);
        if (request->handle == NULL)
            return -EBADF;
        return ftruncate(request->handle->fd, (off_t)wanted->size) < 0 ? -errno : 0;
    }
    char path[PLACE_MAX];
    place_of_fd(request->node->fd, path);
    return truncate(path, (off_t)wanted->size) < 0 ? -errno : 0;
}

static int change_times(const struct node *node, const struct fuse_setattr_in *wanted) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}};
    if ((wanted->valid & FATTR_ATIME) != 0)
        times[0] = (struct timespec){(time_t)wanted->atime, (long)wanted->atimensec};
    if ((wanted->valid & FATTR_MTIME) != 0)
        times[1] = (struct timespec){(time_t)wanted->mtime, (long)wanted->mtimensec};
    if (times[0].tv_nsec > 999999999 && times[0].tv_nsec != UTIME_OMIT)
        return -EINVAL;
    if (times[1].tv_nsec > 999999999 && times[1].tv_nsec != UTIME_OMIT)
        return -EINVAL;
    if ((wanted->valid & FATTR_ATIME_NOW) != 0)
        times[0].tv_nsec = UTIME_NOW;
    if ((wanted->valid & FATTR_MTIME_NOW) != 0)
        times[1].tv_nsec = UTIME_NOW;
    char path[PLACE_MAX];
    place_of_fd(node->fd, path);
    return utimensat(AT_FDCWD, path, times, 0) < 0 ? -errno : 0;
}

int attributes_clear_suid(const struct node *node) {
    struct stat status;
    int result = attributes_read(node->fd, node->share->owners, &status);
    if (result < 0 || !S_ISREG(status.st_mode))
        return result;
    mode_t extra = status.st_mode & S_ISUID;
    if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
        extra |= S_ISGID;
    return extra == 0 ? 0 : owner_set_mode(node, status.st_mode & ~extra);
}

static int change(struct request *request, const struct fuse_setattr_in *wanted) {
    const struct node *node = request->node;
    int result = 0;
    if ((wanted->valid & (FATTR_UID | FATTR_GID)) != 0)
        result = owner_set_ids(node, (wanted->valid & FATTR_UID) != 0 ? wanted->uid : UINT32_MAX,
                               (wanted->valid & FATTR_GID) != 0 ? wanted->gid : UINT32_MAX);
    if (result == 0 && (wanted->valid & FATTR_MODE) != 0)
        result = owner_set_mode(node, wanted->mode);
    if (result == 0 && (wanted->valid & FATTR_SIZE) != 0)
        result = change_size(request, wanted);
    if (result == 0 && (wanted->valid & FATTR_KILL_SUIDGID) != 0)
        result = attributes_clear_suid(node);
    if (result == 0 &&
        (wanted->valid & (FATTR_ATIME | FATTR_MTIME | FATTR_ATIME_NOW | FATTR_MTIME_NOW)) != 0)
        result = change_times(node, wanted);
    return result;
}

int op_setattr(struct request *request) {
    const struct fuse_setattr_in *wanted = request_take(request, sizeof *wanted);
    int result = change(request, wanted);
    return result < 0 ? result : answer_attributes(request);
}

int op_statfs(struct request *request) {
    struct statfs status;
    if (fstatfs(request->node->fd, &status) < 0)
        return -errno;
    struct fuse_statfs_out *answer = request_answer(request, sizeof *answer);
    answer->st = (struct fuse_kstatfs){
        .blocks = status.f_blocks,
        .bfree = status.f_bfree,
        .bavail = status.f_bavail,
        .files = status.f_files,
        .ffree = status.f_ffree,
        .bsize = (uint32_t)status.f_bsize,
        .namelen = (uint32_t)status.f_namelen,
        .frsize = (uint32_t)(status.f_frsize > 0 ? status.f_frsize : status.f_bsize),
    };
    return 0;
}
