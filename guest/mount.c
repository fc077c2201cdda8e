#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "bind.h"
#include "copy.h"
#include "share.h"

int open_in(int root, const char *path, int flags) {
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/* Splits into parent ("/" at least) and last name; trailing slashes don't count. */
static int split_path(const char *path, char *parent, char *name, struct failure *failure) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (length >= PATH_MAX || length - start > NAME_MAX || length == start)
        return fail(failure, STATUS_INVALID, "cannot make %.200s: it is no path of a file", path);
    snprintf(name, NAME_MAX + 1, "%.*s", (int)(length - start), path + start);
    while (start > 1 && path[start - 1] == '/')
        start--;
    snprintf(parent, PATH_MAX, "%.*s", (int)start, start == 0 ? "" : path);
    if (start == 0)
        snprintf(parent, PATH_MAX, "/");
    return 0;
}

int make_folder_in(int root, const char *path, struct failure *failure) {
    int fd = open_in(root, path, O_PATH | O_DIRECTORY);
    if (fd >= 0)
        return fd;
    if (errno == ENOTDIR)
        return fail(failure, STATUS_INVALID, "mkdir %s: not a directory", path);
    if (errno != ENOENT)
        return fail_errno(failure, "cannot open folder %s", path);
    char parent[PATH_MAX], name[NAME_MAX + 1];
    if (split_path(path, parent, name, failure) < 0)
        return -1;
    cleanup_close int above = make_folder_in(root, parent, failure);
    if (above < 0)
        return -1;
    if (mkdirat(above, name, 0755) < 0)
        return fail_errno(failure, "mkdir %s", path);
    fd = openat(above, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? fail_errno(failure, "cannot open folder %s", path) : fd;
}

int make_file_in(int root, const char *path, struct failure *failure) {
    int fd = open_in(root, path, O_PATH);
    if (fd >= 0)
        return fd;
    if (errno != ENOENT)
        return fail_errno(failure, "cannot open %s", path);
    char parent[PATH_MAX], name[NAME_MAX + 1];
    if (split_path(path, parent, name, failure) < 0)
        return -1;
    cleanup_close int above = make_folder_in(root, parent, failure);
    if (above < 0)
        return -1;
    cleanup_close int made = openat(above, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    if (made < 0)
        return fail_errno(failure, "cannot make %s", path);
    fd = openat(above, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? fail_errno(failure, "cannot open %s", path) : fd;
}

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

static int place_share(int root, const struct guest_mount *mount, struct failure *failure) {
    char source[32];
    struct stat status;
    cleanup_close int shared = share_open(mount->share, failure);
    if (shared < 0)
        return -1;
    if (fstat(shared, &status) < 0)
        return fail_errno(failure, "cannot find what to mount on %s", mount->target);
    snprintf(source, sizeof source, "/proc/self/fd/%d", shared);
    if (mount->populate && populate(root, mount->target, source, failure) < 0)
        return -1;
    cleanup_close int target = S_ISDIR(status.st_mode)
                                   ? make_folder_in(root, mount->target, failure)
                                   : make_file_in(root, mount->target, failure);
    return target < 0 ? -1 : bind_on(source, target, mount->read_only, failure);
}

/* Flags that Docker takes in --tmpfs options; the rest goes to the file system. */
static unsigned long tmpfs_flags(const char *options, char *rest, size_t room) {
    static const struct {
        const char *name;
        unsigned long set;
        unsigned long clear;
    } words[] = {{"ro", MS_RDONLY, 0},         {"rw", 0, MS_RDONLY},
                 {"exec", 0, MS_NOEXEC},       {"noexec", MS_NOEXEC, 0},
                 {"suid", 0, MS_NOSUID},       {"nosuid", MS_NOSUID, 0},
                 {"dev", 0, MS_NODEV},         {"nodev", MS_NODEV, 0},
                 {"noatime", MS_NOATIME, 0},   {"nodiratime", MS_NODIRATIME, 0},
                 {"relatime", MS_RELATIME, 0}, {"strictatime", MS_STRICTATIME, 0},
                 {"sync", MS_SYNCHRONOUS, 0},  {"async", 0, MS_SYNCHRONOUS}};
    unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    rest[0] = 0;
    while (*options != 0) {
        size_t length = strcspn(options, ",");
        bool known = false;
        for (size_t index = 0; index < sizeof words / sizeof *words; index++) {
            if (strlen(words[index].name) != length ||
                strncmp(words[index].name, options, length) != 0)
                continue;
            flags = (flags | words[index].set) & ~words[index].clear;
            known = true;
        }
        size_t used = strlen(rest);
        if (!known && length > 0)
            snprintf(rest + used, room - used, "%s%.*s", used == 0 ? "" : ",", (int)length,
                     options);
        options += length + (options[length] == ',');
    }
    return flags;
}

static int place_tmpfs(int root, const struct guest_mount *mount, struct failure *failure) {
    char options[512];
    unsigned long flags = tmpfs_flags(mount->options, options, sizeof options);
    if (mount->read_only)
        flags |= MS_RDONLY;
    cleanup_close int target = make_folder_in(root, mount->target, failure);
    if (target < 0)
        return -1;
    return mount_on("tmpfs", target, "tmpfs", flags, options, failure);
}

int place_mount(int root, const struct guest_mount *mount, struct failure *failure) {
    if (mount->target[0] != '/')
        return fail(failure, STATUS_INVALID, "cannot mount on \"%s\": it is not absolute",
                    mount->target);
    if (strcmp(mount->target, "/proc") == 0 || strncmp(mount->target, "/proc/", 6) == 0)
        return fail(failure, STATUS_INVALID, "\"%s\" cannot be mounted because it is inside /proc",
                    mount->target);
    if (mount->kind == MOUNT_TMPFS)
        return place_tmpfs(root, mount, failure);
    return place_share(root, mount, failure);
}
