#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "bind.h"
#include "copy.h"
#include "share.h"
#include "special_mount.h"
#include "tmpfs.h"

int mount_on(const char *source, int target, const char *kind, unsigned long flags,
             const char *options, struct failure *failure) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", target);
    if (mount(source, path, kind, flags, options) < 0)
        return fail_errno(failure, "cannot mount %s %s", kind, source);
    return 0;
}

/* A new volume gets what the image has at its target. */
static int populate(int root, const char *target, const char *source, struct failure *failure) {
    cleanup_close int from = open_in(root, target, O_RDONLY | O_DIRECTORY);
    if (from < 0)
        return errno == ENOENT ? 0 : fail_errno(failure, "cannot read %s", target);
    cleanup_close int to = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (to < 0)
        return fail_errno(failure, "cannot open the volume for %s", target);
    return copy_tree(from, to, failure);
}

/* Whether what is at the target, if anything, can be mounted on. */
static int check_kind(int root, const char *target, bool wants_folder, struct failure *failure) {
    struct stat status;
    cleanup_close int there = open_in(root, target, O_PATH);
    if (there < 0 && errno != ENOTDIR)
        return 0;
    if (there >= 0 && fstat(there, &status) < 0)
        return fail_errno(failure, "cannot look at %.800s", target);
    if (there >= 0 && S_ISDIR(status.st_mode) == wants_folder)
        return 0;
    return fail(failure, STATUS_INVALID,
                "cannot mount on %.700s: not a directory: Are you trying to mount a directory onto "
                "a file (or vice-versa)? Check if the specified host path exists and is the "
                "expected type",
                target);
}

static int place_share(int root, const struct guest_mount *mount, struct failure *failure) {
    char source[32];
    struct stat status;
    cleanup_close int shared = share_open(mount->share, failure);
    if (shared < 0)
        return -1;
    if (fstat(shared, &status) < 0)
        return fail_errno(failure, "cannot find what to mount on %s", mount->target);
    if (check_kind(root, mount->target, S_ISDIR(status.st_mode), failure) < 0)
        return -1;
    snprintf(source, sizeof source, "/proc/self/fd/%d", shared);
    if (mount->populate && populate(root, mount->target, source, failure) < 0)
        return -1;
    cleanup_close int target = S_ISDIR(status.st_mode)
                                   ? make_folder_in(root, mount->target, failure)
                                   : make_file_in(root, mount->target, failure);
    return target < 0 ? -1 : bind_on(source, target, mount->read_only, failure);
}

/* `path` is where the target's links lead. */
static int check_place(const char *target, const char *path, struct failure *failure) {
    if (strcmp(path, "/") == 0)
        return fail(failure, STATUS_INVALID, "cannot mount on %.800s: it leads to the root",
                    target);
    if (strcmp(path, "/proc") == 0 || strncmp(path, "/proc/", 6) == 0)
        return fail(failure, STATUS_INVALID,
                    "\"%.800s\" cannot be mounted because it is inside /proc", target);
    return 0;
}

int place_mount(int root, unsigned slot, const struct guest_mount *mount, struct failure *failure) {
    char path[PATH_MAX];
    if (mount->target[0] != '/')
        return fail(failure, STATUS_INVALID, "cannot mount on \"%.800s\": it is not absolute",
                    mount->target);
    if (resolve_in(root, mount->target, path, failure) < 0 ||
        check_place(mount->target, path, failure) < 0)
        return -1;
    if (mount->kind == MOUNT_SHARE)
        return place_share(root, mount, failure);
    if (check_kind(root, mount->target, mount->kind == MOUNT_TMPFS, failure) < 0)
        return -1;
    if (mount->kind == MOUNT_SOCKET)
        return place_socket(root, slot, mount, failure);
    if (mount->kind == MOUNT_DEVICE)
        return place_device(root, mount, failure);
    return place_tmpfs(root, mount, failure);
}
