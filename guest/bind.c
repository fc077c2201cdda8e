#include "bind.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>

int bind_on(const char *source, int target, bool read_only, struct failure *failure) {
    struct mount_attr protection = {.attr_set = MOUNT_ATTR_RDONLY};
    cleanup_close int tree = (int)syscall(SYS_open_tree, AT_FDCWD, source,
                                          OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0)
        return fail_errno(failure, "cannot bind %s", source);
    if (read_only &&
        syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &protection, sizeof protection) < 0)
        return fail_errno(failure, "cannot make %s read-only", source);
    if (syscall(SYS_move_mount, tree, "", target, "",
                MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return fail_errno(failure, "cannot bind %s", source);
    return 0;
}
