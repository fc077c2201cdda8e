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
#include "disk.h"
#include "place.h"
#include "share.h"
#include "special_mount.h"
#include "tmpfs.h"
#include "volume.h"

int mount_on(const char *source, int target, const char *kind, unsigned long flags,
             const char *options, struct failure *failure) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", target);
    if (mount(source, path, kind, flags, options) < 0)
        return fail_errno(failure, "cannot mount %s %s", kind, source);
    return 0;
}

static int mount_path(const char *source, const char *target, const char *kind,
                      struct failure *failure) {
    if (mount(source, target, kind, MS_RDONLY, NULL) < 0 && errno != EBUSY)
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

/* No link in it leads out, whoever may change what is shared meanwhile. */
static int open_part(int whole, const struct guest_mount *mount, struct failure *failure) {
    if (mount->options[0] == 0)
        return dup(whole);
    int fd = open_in(whole, mount->options, O_PATH);
    return fd < 0 ? fail_errno(failure, "cannot access path %.800s", mount->options) : fd;
}

/* Shows what `whole` is of, or its part, at the target. */
static int place_whole(int root, const struct guest_mount *mount, int whole,
                       struct failure *failure) {
    char source[32];
    struct stat status;
    cleanup_close int shared = open_part(whole, mount, failure);
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

static int place_share(int root, const struct guest_mount *mount, struct failure *failure) {
    cleanup_close int whole = share_open(mount->share, failure);
    return whole < 0 ? -1 : place_whole(root, mount, whole, failure);
}

/* The image's own place is in the container's folder, and goes with that. */
static int open_image(unsigned slot, const char *name, struct failure *failure) {
    struct place place;
    char disk[DISK_PATH_MAX], folder[PATH_MAX];
    place_of(slot, &place);
    if (strchr(name, '/') != NULL || strlen(name) > DVM_DISK_NAME_MAX)
        return fail(failure, STATUS_INVALID, "cannot mount an image: its disk has no name");
    snprintf(folder, sizeof folder, "%s/%s", place.folder, name);
    if (disk_find(name, disk, failure) < 0)
        return -1;
    mkdir(folder, 0755);
    if (mount_path(disk, folder, "erofs", failure) < 0)
        return -1;
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? fail_errno(failure, "cannot open the image for %s", name) : fd;
}

static int place_image(int root, unsigned slot, const struct guest_mount *mount,
                       struct failure *failure) {
    struct guest_mount as_image = *mount;
    as_image.read_only = true;
    cleanup_close int whole = open_image(slot, mount->share, failure);
    return whole < 0 ? -1 : place_whole(root, &as_image, whole, failure);
}

static int place_volume(int root, unsigned slot, const struct guest_mount *mount,
                        struct failure *failure) {
    struct guest_mount now = *mount;
    cleanup_close int whole = volume_open(slot, mount->share, &now.populate, failure);
    return whole < 0 ? -1 : place_whole(root, &now, whole, failure);
}

bool is_on_file_of_proc(const struct guest_mount *mount) {
    static const char *const files[] = {"/proc/cpuinfo",
                                        "/proc/diskstats",
                                        "/proc/meminfo",
                                        "/proc/stat",
                                        "/proc/swaps",
                                        "/proc/uptime",
                                        "/proc/loadavg",
                                        "/proc/slabinfo",
                                        "/proc/net/dev",
                                        "/proc/sys/kernel/ns_last_pid",
                                        "/proc/sys/crypto/fips_enabled"};
    for (size_t index = 0; index < sizeof files / sizeof *files; index++)
        if (mount->kind == MOUNT_SHARE && strcmp(mount->target, files[index]) == 0)
            return true;
    return false;
}

int place_on_file_of_proc(int root, const struct guest_mount *mount, struct failure *failure) {
    char source[128];
    share_path(mount->share, source, sizeof source);
    cleanup_close int target = open_in(root, mount->target, O_PATH);
    if (target < 0)
        return fail_errno(failure, "cannot mount on %.800s", mount->target);
    return bind_on(source, target, mount->read_only, failure);
}

/* `path` is where the target's links lead. */
static int check_place(const char *target, const char *path, struct failure *failure) {
    if (strcmp(path, "/") == 0)
        return fail(failure, STATUS_INVALID, "cannot mount on %.800s: it leads to the root",
                    target);
    if (strcmp(path, "/proc") == 0)
        return fail(failure, STATUS_INTERNAL,
                    "\"%.800s\" cannot be mounted because it is not of type proc", target);
    if (strncmp(path, "/proc/", 6) == 0)
        return fail(failure, STATUS_INTERNAL,
                    "\"%.800s\" cannot be mounted because it is inside /proc", target);
    return 0;
}

int place_mount(int root, unsigned slot, const struct guest_mount *mount, struct failure *failure) {
    char path[PATH_MAX];
    if (mount->target[0] != '/')
        return fail(failure, STATUS_INVALID, "cannot mount on \"%.800s\": it is not absolute",
                    mount->target);
    if (is_on_file_of_proc(mount)) {
        cleanup_close int shared = share_open(mount->share, failure);
        return shared < 0 ? -1 : 0;
    }
    if (resolve_in(root, mount->target, path, failure) < 0 ||
        check_place(mount->target, path, failure) < 0)
        return -1;
    if (mount->kind == MOUNT_SHARE)
        return place_share(root, mount, failure);
    if (mount->kind == MOUNT_IMAGE)
        return place_image(root, slot, mount, failure);
    if (mount->kind == MOUNT_DISK)
        return place_volume(root, slot, mount, failure);
    if (check_kind(root, mount->target, mount->kind == MOUNT_TMPFS, failure) < 0)
        return -1;
    if (mount->kind == MOUNT_SOCKET)
        return place_socket(root, slot, mount, failure);
    if (mount->kind == MOUNT_DEVICE)
        return place_device(root, mount, failure);
    return place_tmpfs(root, mount, failure);
}
