/* Extended attributes, access lists among them. */

#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "acl.h"
#include "attributes.h"
#include "init.h"
#include "mapped.h"
#include "node.h"
#include "operations.h"
#include "owner.h"
#include "place.h"

/* The host's name for the request's next one, in `room`; NULL: there is none such. */
static const char *take_name(struct request *request, char *room) {
    const char *name = request_take_text(request);
    if (name == NULL || name[0] == 0)
        return NULL;
    return request->node->share->owners == OWNERS_MAPPED ? mapped_name(name, room) : name;
}

/* An access list changes the mode, too: by the host's file system, or here. */
static int take_rights(const struct node *node, const char *path, const char *host_name,
                       const void *value, size_t size) {
    mode_t mode = 0;
    struct stat status;
    if (!acl_is_valid(value, size))
        return -EINVAL;
    int result = attributes_read(node->fd, OWNERS_MAPPED, &status);
    mode = status.st_mode;
    bool says_more = acl_mode(value, size, &mode);
    if (result == 0)
        result = mapped_set_mode_only(node->fd, mode);
    if (result == 0 && says_more)
        result = setxattr(path, host_name, value, size, 0) < 0 ? -errno : 0;
    else if (result == 0 && removexattr(path, host_name) < 0 && errno != ENODATA)
        result = -errno;
    return result;
}

static int set(const struct node *node, const char *name, const void *value, size_t size,
               int flags) {
    char path[PLACE_MAX];
    place_of_fd(node->fd, path);
    if (strcmp(name, MAPPED_PREFIX ACL_ACCESS) == 0 && node->share->owners == OWNERS_MAPPED)
        return take_rights(node, path, name, value, size);
    return setxattr(path, name, value, size, flags) < 0 ? -errno : 0;
}

int op_setxattr(struct request *request) {
    const struct fuse_setxattr_in *wanted = request_take(
        request, init_has_long_setxattr() ? sizeof *wanted : FUSE_COMPAT_SETXATTR_IN_SIZE);
    if (wanted == NULL)
        return -EINVAL;
    uint32_t kind = init_has_long_setxattr() ? wanted->setxattr_flags : 0;
    char room[XATTR_NAME_MAX + 1];
    const char *name = take_name(request, room);
    const void *value =
        name == NULL || wanted->size > XATTR_SIZE_MAX ? NULL : request_take(request, wanted->size);
    if (value == NULL)
        return name == NULL ? -EPERM : wanted->size > XATTR_SIZE_MAX ? -E2BIG : -EINVAL;
    int result = set(request->node, name, value, wanted->size, (int)wanted->flags);
    struct stat status;
    if (result == 0 && (kind & FUSE_SETXATTR_ACL_KILL_SGID) != 0 &&
        attributes_read(request->node->fd, request->node->share->owners, &status) == 0 &&
        (status.st_mode & S_ISGID) != 0)
        result = owner_set_mode(request->node, status.st_mode & ~(mode_t)S_ISGID);
    return result;
}

/* Answers by a value's size when the guest asks for that, else by the value. */
static int answer_value(struct request *request, ssize_t size, uint32_t room) {
    if (size < 0)
        return -errno;
    if (room == 0) {
        struct fuse_getxattr_out *answer = request_answer(request, sizeof *answer);
        answer->size = (uint32_t)size;
        return 0;
    }
    if ((size_t)size > room)
        return -ERANGE;
    request->answered = (size_t)size;
    return 0;
}

int op_getxattr(struct request *request) {
    const struct fuse_getxattr_in *wanted = request_take(request, sizeof *wanted);
    char room[XATTR_NAME_MAX + 1], path[PLACE_MAX];
    const char *name = take_name(request, room);
    if (name == NULL)
        return -ENODATA;
    place_of_fd(request->node->fd, path);
    ssize_t size = getxattr(path, name, request->answer, XATTR_SIZE_MAX);
    return answer_value(request, size, wanted->size);
}

/* Leaves the guest's names in the list. Gives its new size. */
static size_t to_guest_names(char *list, size_t size) {
    size_t kept = 0;
    for (size_t at = 0; at < size;) {
        size_t length = strnlen(list + at, size - at);
        const char *name = at + length < size ? mapped_guest_name(list + at) : NULL;
        if (name != NULL) {
            size_t count = strlen(name) + 1;
            memmove(list + kept, name, count);
            kept += count;
        }
        at += length + 1;
    }
    return kept;
}

int op_listxattr(struct request *request) {
    const struct fuse_getxattr_in *wanted = request_take(request, sizeof *wanted);
    char path[PLACE_MAX];
    place_of_fd(request->node->fd, path);
    ssize_t size = listxattr(path, (char *)request->answer, XATTR_LIST_MAX);
    if (size > 0 && request->node->share->owners == OWNERS_MAPPED)
        size = (ssize_t)to_guest_names((char *)request->answer, (size_t)size);
    return answer_value(request, size, wanted->size);
}

int op_removexattr(struct request *request) {
    char room[XATTR_NAME_MAX + 1], path[PLACE_MAX];
    const char *name = take_name(request, room);
    if (name == NULL)
        return -ENODATA;
    place_of_fd(request->node->fd, path);
    return removexattr(path, name) < 0 ? -errno : 0;
}
