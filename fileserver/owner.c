#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mapped.h"
#include "place.h"

static struct __user_cap_data_struct capabilities[2];

static struct __user_cap_header_struct this_thread(void) {
    return (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3};
}

void owner_start(void) {
    struct __user_cap_header_struct header = this_thread();
    syscall(SYS_capget, &header, capabilities);
}

int owner_set_ids(const struct node *node, uint32_t uid, uint32_t gid) {
    if (node->share->owners == OWNERS_MAPPED)
        return mapped_set_ids(node->fd, uid, gid);
    if (fchownat(node->fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    int error = errno;
    struct stat status;
    /* who may not change owners may say what is so already */
    if (node->share->owners == OWNERS_OURS && error == EPERM && fstat(node->fd, &status) == 0 &&
        (uid == UINT32_MAX || uid == status.st_uid) && (gid == UINT32_MAX || gid == status.st_gid))
        return 0;
    return -error;
}

int owner_set_mode(const struct node *node, mode_t mode) {
    if (node->share->owners == OWNERS_MAPPED)
        return mapped_set_mode(node->fd, mode);
    if (node->type == S_IFLNK)
        return -EOPNOTSUPP;
    char path[PLACE_MAX];
    place_of_fd(node->fd, path);
    return chmod(path, mode & 07777) < 0 ? -errno : 0;
}

/* The kernel takes rights from a thread that becomes a user for files; the guest has judged them.
 */
static int become(uint32_t uid, uint32_t gid) {
    if (gid != 0)
        syscall(SYS_setfsgid, gid);
    if (uid != 0) {
        syscall(SYS_setfsuid, uid);
        struct __user_cap_header_struct header = this_thread();
        if (syscall(SYS_capset, &header, capabilities) < 0)
            return -errno;
    }
    bool is_so = (uint32_t)syscall(SYS_setfsgid, UINT32_MAX) == gid &&
                 (uint32_t)syscall(SYS_setfsuid, UINT32_MAX) == uid;
    return is_so ? 0 : -EPERM;
}

int owner_begin(const struct request *request, uint32_t mask) {
    /* where modes are kept in attributes, the host's never change */
    umask(request->node->share->owners == OWNERS_MAPPED ? 0 : mask & 0777);
    int result = request->node->share->owners == OWNERS_REAL
                     ? become(request->head.uid, request->head.gid)
                     : 0;
    if (result < 0)
        owner_end(request);
    return result;
}

void owner_end(const struct request *request) {
    int error = errno;
    umask(0);
    if (request->node->share->owners == OWNERS_REAL) {
        syscall(SYS_setfsuid, geteuid());
        syscall(SYS_setfsgid, getegid());
    }
    errno = error;
}
