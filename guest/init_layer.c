#include "init_layer.h"

#include <errno.h>
#include <fcntl.h>

#include "inside.h"

void keep_folder_time(int root, const char *name, const struct stat *before) {
    struct stat now;
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, before->st_mtim};
    if (fstatat(root, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
        (now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
         now.st_mtim.tv_nsec != before->st_mtim.tv_nsec) &&
        utimensat(root, name, times, AT_SYMLINK_NOFOLLOW) < 0)
        complain("cannot set the time of /%s: %s", name, error_text(errno));
}

static int make_folder(int root, const char *path, struct failure *failure) {
    cleanup_close int fd = make_folder_in(root, path, failure);
    return fd < 0 ? -1 : 0;
}

static int make_file(int root, const char *path, struct failure *failure) {
    cleanup_close int fd = make_file_in(root, path, failure);
    return fd < 0 ? -1 : 0;
}

/* A file of that name tells of the mounts of another machine, and a link of what it leads to. */
static int link_mounts(int root, struct failure *failure) {
    struct stat information;
    cleanup_close int etc = make_folder_in(root, "/etc", failure);
    if (etc < 0)
        return -1;
    bool exists = fstatat(etc, "mtab", &information, AT_SYMLINK_NOFOLLOW) == 0;
    if (exists && !S_ISREG(information.st_mode))
        return 0;
    if (exists && unlinkat(etc, "mtab", 0) < 0)
        return fail_errno(failure, "cannot replace /etc/mtab");
    if (symlinkat("/proc/mounts", etc, "mtab") < 0)
        return fail_errno(failure, "cannot make /etc/mtab");
    return 0;
}

int init_layer_make(int root, struct failure *failure) {
    struct stat folder;
    bool has_etc =
        fstatat(root, "etc", &folder, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(folder.st_mode);
    if (make_folder(root, "/dev/pts", failure) < 0 || make_folder(root, "/dev/shm", failure) < 0 ||
        make_file(root, "/dev/console", failure) < 0 ||
        make_file(root, "/.dockerenv", failure) < 0 || link_mounts(root, failure) < 0)
        return -1;
    if (has_etc)
        keep_folder_time(root, "etc", &folder);
    return 0;
}
