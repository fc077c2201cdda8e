/* Entries of folders: finding, making, moving and removing them. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attributes.h"
#include "mapped.h"
#include "node.h"
#include "operations.h"
#include "owner.h"
#include "place.h"

int entry_find(struct node *folder, const char *name, struct fuse_entry_out *entry) {
    int fd = openat(folder->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == EMFILE ? -ENFILE : -errno;
    return entry_answer(folder, name, fd, entry);
}

static int answer_entry(struct request *request, const char *name) {
    return entry_find(request->node, name, request_answer(request, sizeof(struct fuse_entry_out)));
}

/* The folder itself, or the one above it: by what is known, never by the host's "..". */
static int find_by_dots(struct request *request, bool above) {
    struct fuse_entry_out *entry = request_answer(request, sizeof *entry);
    entry->nodeid = above ? node_above(request->node) : node_count_lookup(request->node);
    if (entry->nodeid == 0)
        return -ENOENT;
    struct node *node;
    struct stat status;
    int result = node_take(entry->nodeid, &node);
    if (result == 0) {
        result = attributes_read(node->fd, node->share->owners, &status);
        node_release(node);
    }
    if (result == 0)
        attributes_write(&status, &entry->attr);
    else
        node_forget(entry->nodeid, 1);
    return result;
}

int op_lookup(struct request *request) {
    const char *name = request_take_text(request);
    if (name != NULL && (strcmp(name, ".") == 0 || strcmp(name, "..") == 0))
        return find_by_dots(request, name[1] != 0);
    request->taken = 0;
    int result = request_take_name(request, &name);
    return result < 0 ? result : answer_entry(request, name);
}

int op_readlink(struct request *request) {
    struct node *node = request->node;
    struct stat status;
    int result = attributes_read(node->fd, node->share->owners, &status);
    if (result < 0 || !S_ISLNK(status.st_mode))
        return result < 0 ? result : -EINVAL;
    ssize_t size;
    if (node->type == S_IFLNK) {
        size = readlinkat(node->fd, "", (char *)request->answer, PATH_MAX);
    } else {
        int fd = place_open(node->fd, O_RDONLY);
        if (fd < 0)
            return fd;
        size = pread(fd, request->answer, PATH_MAX, 0);
        close(fd);
    }
    if (size < 0)
        return -errno;
    request->answered = (size_t)size;
    return 0;
}

/* Opens what was just made, says whose it is, and answers; what can't be said of isn't left. */
static int answer_made(struct request *request, const char *name, mode_t mode, uint32_t mask,
                       dev_t device) {
    int fd = openat(request->node->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == EMFILE ? -ENFILE : -errno;
    int result = request->node->share->owners == OWNERS_MAPPED
                     ? mapped_made(request, fd, mode, mask, device)
                     : 0;
    if (result < 0) {
        unlinkat(request->node->fd, name, S_ISDIR(mode) ? AT_REMOVEDIR : 0);
        close(fd);
        return result;
    }
    struct fuse_entry_out *entry = request_answer(request, sizeof *entry);
    return entry_answer(request->node, name, fd, entry);
}

int op_mkdir(struct request *request) {
    const struct fuse_mkdir_in *wanted = request_take(request, sizeof *wanted);
    const char *name;
    int result = request_take_name(request, &name);
    bool is_mapped = request->node->share->owners == OWNERS_MAPPED;
    mode_t mode = S_IFDIR | (wanted->mode & 07777);
    if (result == 0)
        result = owner_begin(request, wanted->umask);
    if (result < 0)
        return result;
    result = mkdirat(request->node->fd, name, is_mapped ? 0700 : mode & 07777) < 0 ? -errno : 0;
    owner_end(request);
    return result < 0 ? result : answer_made(request, name, mode, wanted->umask, 0);
}

static int make_plain_file(int folder, const char *name, const char *content) {
    int fd = openat(folder, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    size_t size = strlen(content);
    ssize_t written = write(fd, content, size);
    int result = written == (ssize_t)size ? 0 : written < 0 ? -errno : -ENOSPC;
    close(fd);
    if (result < 0)
        unlinkat(folder, name, 0);
    return result;
}

int op_symlink(struct request *request) {
    const char *name;
    int result = request_take_name(request, &name);
    const char *target = result < 0 ? NULL : request_take_text(request);
    if (target == NULL || target[0] == 0)
        return result < 0 ? result : -EINVAL;
    if (strlen(target) >= PATH_MAX)
        return -ENAMETOOLONG;
    result = owner_begin(request, 0);
    if (result < 0)
        return result;
    if (request->node->share->owners == OWNERS_MAPPED)
        result = make_plain_file(request->node->fd, name, target);
    else
        result = symlinkat(target, request->node->fd, name) < 0 ? -errno : 0;
    owner_end(request);
    return result < 0 ? result : answer_made(request, name, S_IFLNK | 0777, 0, 0);
}

static bool is_kind_of_file(mode_t mode) {
    return S_ISREG(mode) || S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) || S_ISSOCK(mode);
}

int op_mknod(struct request *request) {
    const struct fuse_mknod_in *wanted = request_take(request, sizeof *wanted);
    const char *name;
    int result = request_take_name(request, &name);
    mode_t mode = wanted->mode & (S_IFMT | 07777);
    dev_t device = S_ISCHR(mode) || S_ISBLK(mode) ? device_decode(wanted->rdev) : 0;
    if (result == 0 && !is_kind_of_file(mode))
        result = -EINVAL;
    if (result == 0)
        result = owner_begin(request, wanted->umask);
    if (result < 0)
        return result;
    if (request->node->share->owners == OWNERS_MAPPED)
        result = make_plain_file(request->node->fd, name, "");
    else
        result = mknodat(request->node->fd, name, mode, device) < 0 ? -errno : 0;
    owner_end(request);
    return result < 0 ? result : answer_made(request, name, mode, wanted->umask, device);
}

static int remove_entry(struct request *request, int flags) {
    const char *name;
    int result = request_take_name(request, &name);
    if (result < 0)
        return result;
    struct node *node = node_of_entry(request->node, name);
    result = unlinkat(request->node->fd, name, flags) < 0 ? -errno : 0;
    if (node != NULL) {
        if (result == 0)
            node_moved(node, NULL, NULL);
        node_release(node);
    }
    return result;
}

int op_unlink(struct request *request) { return remove_entry(request, 0); }

int op_rmdir(struct request *request) { return remove_entry(request, AT_REMOVEDIR); }

static int rename_between(struct node *from, const char *old, struct node *to, const char *name,
                          unsigned flags) {
    struct node *moved = node_of_entry(from, old);
    struct node *replaced = node_of_entry(to, name);
    int result = 0;
    if (syscall(SYS_renameat2, from->fd, old, to->fd, name, flags) < 0)
        result = -errno;
    if (result == 0 && replaced != NULL && replaced != moved) {
        bool is_exchanged = (flags & 2u /* RENAME_EXCHANGE */) != 0;
        node_moved(replaced, is_exchanged ? from : NULL, is_exchanged ? old : NULL);
    }
    if (result == 0 && moved != NULL)
        node_moved(moved, to, name);
    if (moved != NULL)
        node_release(moved);
    if (replaced != NULL)
        node_release(replaced);
    return result;
}

static int rename_to(struct request *request, uint64_t folder, unsigned flags) {
    const char *old, *name;
    int result = request_take_name(request, &old);
    if (result == 0)
        result = request_take_name(request, &name);
    struct node *to = NULL;
    if (result == 0)
        result = folder == FUSE_ROOT_ID ? -EXDEV : node_take(folder, &to);
    if (result < 0)
        return result;
    if (to->share != request->node->share)
        result = -EXDEV;
    else if (to->type != S_IFDIR)
        result = -ENOTDIR;
    else
        result = rename_between(request->node, old, to, name, flags);
    node_release(to);
    return result;
}

int op_rename(struct request *request) {
    const struct fuse_rename_in *wanted = request_take(request, sizeof *wanted);
    return rename_to(request, wanted->newdir, 0);
}

int op_rename2(struct request *request) {
    const struct fuse_rename2_in *wanted = request_take(request, sizeof *wanted);
    return rename_to(request, wanted->newdir, wanted->flags);
}

int op_link(struct request *request) {
    const struct fuse_link_in *wanted = request_take(request, sizeof *wanted);
    const char *name;
    struct node *file;
    int result = request_take_name(request, &name);
    if (result == 0)
        result = wanted->oldnodeid == FUSE_ROOT_ID ? -EXDEV : node_take(wanted->oldnodeid, &file);
    if (result < 0)
        return result;
    char path[PLACE_MAX];
    place_of_fd(file->fd, path);
    if (file->share != request->node->share)
        result = -EXDEV;
    else if (linkat(AT_FDCWD, path, request->node->fd, name, AT_SYMLINK_FOLLOW) < 0)
        result = -errno;
    node_release(file);
    return result < 0 ? result : answer_entry(request, name);
}
