/* Copies a folder's tree: type, owner, mode, times, extended attributes, links. */

#include "copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define DEPTH_MAX 256

static int copy_folder(int from, int to, int depth, struct failure *failure);

static int copy_bytes(int from, int to) {
    ssize_t count;
    do
        count = sendfile(to, from, NULL, 1 << 20);
    while (count > 0 || (count < 0 && errno == EINTR));
    return (int)count;
}

/* Attributes that the target's file system doesn't take are left out, as Docker does. */
static void copy_attributes(int from, int to) {
    char names[4096], value[4096];
    ssize_t total = flistxattr(from, names, sizeof names);
    for (ssize_t at = 0; at < total; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t size = fgetxattr(from, names + at, value, sizeof value);
        if (size >= 0 && fsetxattr(to, names + at, value, (size_t)size, 0) < 0)
            continue;
    }
}

static int copy_metadata(int to, const struct stat *information) {
    const struct timespec times[2] = {information->st_atim, information->st_mtim};
    if (fchown(to, information->st_uid, information->st_gid) < 0 ||
        fchmod(to, information->st_mode & 07777) < 0)
        return -1;
    return futimens(to, times);
}

static int copy_file(int from_folder, int to_folder, const char *name,
                     const struct stat *information) {
    cleanup_close int from = openat(from_folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_close int to =
        openat(to_folder, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (from < 0 || to < 0 || copy_bytes(from, to) < 0)
        return -1;
    copy_attributes(from, to);
    return copy_metadata(to, information);
}

static int copy_special(int from_folder, int to_folder, const char *name,
                        const struct stat *information) {
    if (S_ISLNK(information->st_mode)) {
        char target[PATH_MAX];
        ssize_t length = readlinkat(from_folder, name, target, sizeof target - 1);
        if (length < 0)
            return -1;
        target[length] = 0;
        if (symlinkat(target, to_folder, name) < 0)
            return -1;
        return fchownat(to_folder, name, information->st_uid, information->st_gid,
                        AT_SYMLINK_NOFOLLOW);
    }
    if (mknodat(to_folder, name, information->st_mode, information->st_rdev) < 0 ||
        fchownat(to_folder, name, information->st_uid, information->st_gid, 0) < 0)
        return -1;
    return fchmodat(to_folder, name, information->st_mode & 07777, 0);
}

static int copy_entry(int from, int to, const char *name, int depth, struct failure *failure) {
    struct stat information;
    if (fstatat(from, name, &information, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_errno(failure, "cannot copy %s to the volume", name);
    if (S_ISDIR(information.st_mode)) {
        if (mkdirat(to, name, 0700) < 0 && errno != EEXIST)
            return fail_errno(failure, "cannot make %s in the volume", name);
        cleanup_close int below_from = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cleanup_close int below_to =
            openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below_from < 0 || below_to < 0)
            return fail_errno(failure, "cannot open %s", name);
        return copy_folder(below_from, below_to, depth + 1, failure);
    }
    int result = S_ISREG(information.st_mode) ? copy_file(from, to, name, &information)
                                              : copy_special(from, to, name, &information);
    return result < 0 ? fail_errno(failure, "cannot copy %s to the volume", name) : 0;
}

static int copy_folder(int from, int to, int depth, struct failure *failure) {
    struct stat information;
    if (depth > DEPTH_MAX)
        return fail(failure, STATUS_INVALID, "cannot copy to the volume: folders lie too deep");
    int copy = fcntl(from, F_DUPFD_CLOEXEC, 3);
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    if (folder == NULL) {
        close_and_forget(&copy);
        return fail_errno(failure, "cannot read a folder of the image");
    }
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = copy_entry(from, to, entry->d_name, depth, failure);
    closedir(folder);
    if (result < 0)
        return -1;
    copy_attributes(from, to);
    if (fstat(from, &information) < 0 || copy_metadata(to, &information) < 0)
        return fail_errno(failure, "cannot set the owner of a folder in the volume");
    return 0;
}

int copy_tree(int from, int to, struct failure *failure) {
    return copy_folder(from, to, 0, failure);
}
