#include "mapped.h"

#include <endian.h>
#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "acl.h"
#include "node.h"
#include "place.h"

#define UID MAPPED_PREFIX "uid"
#define GID MAPPED_PREFIX "gid"
#define MODE MAPPED_PREFIX "mode"
#define RDEV MAPPED_PREFIX "rdev"

static bool read_u32(const char *path, const char *name, uint32_t *value) {
    uint32_t stored;
    if (getxattr(path, name, &stored, sizeof stored) != sizeof stored)
        return false;
    *value = le32toh(stored);
    return true;
}

static int write_u32(const char *path, const char *name, uint32_t value) {
    uint32_t stored = htole32(value);
    return setxattr(path, name, &stored, sizeof stored, 0) < 0 ? -errno : 0;
}

void mapped_read(int fd, struct stat *status) {
    if (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode))
        return; /* what a user made on the host */
    char path[PLACE_MAX];
    place_of_fd(fd, path);
    uint32_t mode;
    uint64_t device;
    read_u32(path, UID, &status->st_uid);
    read_u32(path, GID, &status->st_gid);
    if (!read_u32(path, MODE, &mode))
        return;
    if (S_ISDIR(status->st_mode) || (mode & S_IFMT) == S_IFDIR || (mode & S_IFMT) == 0)
        status->st_mode = (status->st_mode & S_IFMT) | (mode & 07777);
    else
        status->st_mode = mode;
    if ((S_ISCHR(mode) || S_ISBLK(mode)) &&
        getxattr(path, RDEV, &device, sizeof device) == sizeof device)
        status->st_rdev = le64toh(device);
}

static int read_status(int fd, struct stat *status) {
    if (fstat(fd, status) < 0)
        return -errno;
    mapped_read(fd, status);
    return 0;
}

int mapped_set_ids(int fd, uint32_t uid, uint32_t gid) {
    char path[PLACE_MAX];
    place_of_fd(fd, path);
    struct stat status;
    int result = read_status(fd, &status);
    if (result == 0 && uid != UINT32_MAX)
        result = write_u32(path, UID, uid);
    if (result == 0 && gid != UINT32_MAX)
        result = write_u32(path, GID, gid);
    mode_t lost = S_ISUID | ((status.st_mode & S_IXGRP) != 0 ? S_ISGID : 0);
    if (result == 0 && !S_ISDIR(status.st_mode)) {
        if ((status.st_mode & lost) != 0)
            result = mapped_set_mode_only(fd, status.st_mode & ~lost);
        removexattr(path, MAPPED_PREFIX "security.capability");
    }
    return result;
}

int mapped_set_mode_only(int fd, mode_t mode) {
    char path[PLACE_MAX];
    struct stat status;
    place_of_fd(fd, path);
    int result = read_status(fd, &status);
    return result < 0 ? result : write_u32(path, MODE, (status.st_mode & S_IFMT) | (mode & 07777));
}

int mapped_set_mode(int fd, mode_t mode) {
    char path[PLACE_MAX];
    uint8_t list[ACL_MAX];
    place_of_fd(fd, path);
    int result = mapped_set_mode_only(fd, mode);
    ssize_t size = getxattr(path, MAPPED_PREFIX ACL_ACCESS, list, sizeof list);
    if (result < 0 || size <= 0 || !acl_change_mode(list, (size_t)size, mode))
        return result;
    return setxattr(path, MAPPED_PREFIX ACL_ACCESS, list, (size_t)size, 0) < 0 ? -errno : 0;
}

/* Gives a new file what its folder's default access list says. */
static int inherit(const char *folder, const char *path, mode_t *mode, uint32_t mask) {
    uint8_t list[ACL_MAX];
    ssize_t size =
        S_ISLNK(*mode) ? -1 : getxattr(folder, MAPPED_PREFIX ACL_DEFAULT, list, sizeof list);
    if (size <= 0) {
        *mode &= S_ISLNK(*mode) ? ~0u : ~(mask & 0777);
        return 0;
    }
    if (S_ISDIR(*mode) && setxattr(path, MAPPED_PREFIX ACL_DEFAULT, list, (size_t)size, 0) < 0)
        return -errno;
    if (acl_inherit(list, (size_t)size, mode) &&
        setxattr(path, MAPPED_PREFIX ACL_ACCESS, list, (size_t)size, 0) < 0)
        return -errno;
    return 0;
}

int mapped_made(const struct request *request, int fd, mode_t mode, uint32_t mask, dev_t device) {
    char folder[PLACE_MAX], path[PLACE_MAX];
    place_of_fd(request->node->fd, folder);
    place_of_fd(fd, path);
    struct stat above;
    int result = read_status(request->node->fd, &above);
    uint32_t gid = request->head.gid;
    if (result == 0 && (above.st_mode & S_ISGID) != 0) {
        gid = above.st_gid;
        mode |= S_ISDIR(mode) ? S_ISGID : 0;
    }
    if (result == 0)
        result = inherit(folder, path, &mode, mask);
    if (result == 0)
        result = write_u32(path, UID, request->head.uid);
    if (result == 0)
        result = write_u32(path, GID, gid);
    if (result == 0)
        result = write_u32(path, MODE, mode);
    uint64_t stored = htole64(device);
    if (result == 0 && (S_ISCHR(mode) || S_ISBLK(mode)) &&
        setxattr(path, RDEV, &stored, sizeof stored, 0) < 0)
        result = -errno;
    return result;
}

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

static bool is_kept_beside(const char *name) {
    return begins(name, "system.posix_acl_") || begins(name, "security.") ||
           begins(name, "trusted.");
}

const char *mapped_name(const char *name, char *room) {
    if (begins(name, MAPPED_PREFIX))
        return NULL;
    if (!is_kept_beside(name))
        return name;
    int length = snprintf(room, XATTR_NAME_MAX + 1, MAPPED_PREFIX "%s", name);
    return length > XATTR_NAME_MAX ? NULL : room;
}

const char *mapped_guest_name(const char *name) {
    if (!begins(name, MAPPED_PREFIX))
        return is_kept_beside(name) ? NULL : name;
    name += strlen(MAPPED_PREFIX);
    return is_kept_beside(name) ? name : NULL;
}
