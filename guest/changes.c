#include "changes.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "agent.h"
#include "share.h"
#include "share_changes.h"
#include "watchers.h"

#define HANDLE_TYPE 0x81 /* FILEID_INO64_GEN, linux/exportfs.h: as FUSE numbers its files */

struct order {
    struct shared_change what;
    char name[NAME_MAX + 1], to_name[NAME_MAX + 1];
};

/* A file that the kernel knows, by its number. */
static int open_known(int root, uint64_t number) {
    struct {
        struct file_handle head;
        uint32_t parts[3];
    } handle = {.head = {.handle_bytes = sizeof handle.parts, .handle_type = HANDLE_TYPE},
                .parts = {(uint32_t)(number >> 32), (uint32_t)number, 0}};
    return open_by_handle_at(root, &handle.head, O_PATH | O_CLOEXEC);
}

static void make(int folder, const struct order *order) {
    if (S_ISDIR(order->what.type))
        mkdirat(folder, order->name, 0700);
    else if (S_ISLNK(order->what.type))
        symlinkat(".", folder, order->name);
    else
        mknodat(folder, order->name, order->what.type | 0600, 0);
}

/* The kernel takes a new time of change for a change of content, and both times for one of traits.
 */
static void touch(int folder, const struct order *order) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL)}};
    char path[32];
    if (order->what.kind == CHANGE_ATTRIBUTES)
        times[0] = times[1];
    if (order->name[0] != 0) {
        utimensat(folder, order->name, times, AT_SYMLINK_NOFOLLOW);
        return;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
    utimensat(AT_FDCWD, path, times, 0);
}

static void open_and_close(int folder, const struct order *order) {
    char path[32];
    int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
    cleanup_close int fd =
        order->name[0] == 0 ? open(path, flags) : openat(folder, order->name, flags | O_NOFOLLOW);
    (void)fd;
}

static void obey(int root, const struct order *order) {
    cleanup_close int folder = open_known(root, order->what.folder);
    if (folder < 0)
        return;
    switch (order->what.kind) {
    case CHANGE_CREATED:
        make(folder, order);
        return;
    case CHANGE_REMOVED:
        unlinkat(folder, order->name, S_ISDIR(order->what.type) ? AT_REMOVEDIR : 0);
        return;
    case CHANGE_MOVED: {
        cleanup_close int to = open_known(root, order->what.to_folder);
        if (to >= 0)
            renameat(folder, order->name, to, order->to_name);
        return;
    }
    case CHANGE_CLOSED:
        if (S_ISREG(order->what.type))
            open_and_close(folder, order);
        return;
    default:
        touch(folder, order);
    }
}

static bool read_whole(int fd, void *to, size_t size) {
    for (size_t filled = 0; filled < size;) {
        ssize_t count = read(fd, (char *)to + filled, size - filled);
        if (count <= 0)
            return false;
        filled += (size_t)count;
    }
    return true;
}

static bool read_name(int fd, char name[NAME_MAX + 1]) {
    for (size_t at = 0; at <= NAME_MAX; at++) {
        if (!read_whole(fd, &name[at], 1))
            return false;
        if (name[at] == 0)
            return true;
    }
    return false;
}

static void serve(int orders, int done) {
    int root = -1;
    struct order order;
    prctl(PR_SET_NAME, "dvm-changes");
    umask(0);
    while (read_whole(orders, &order.what, sizeof order.what) && read_name(orders, order.name) &&
           read_name(orders, order.to_name)) {
        if (root < 0)
            root = open(SHARES_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (root >= 0 && somebody_watches())
            obey(root, &order);
        if (write(done, "", 1) != 1)
            return;
    }
}

pid_t changes_start(int orders, int done) {
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    /* all others are the relay's, which must see its port end */
    int away_orders = fcntl(orders, F_DUPFD, 20), away_done = fcntl(done, F_DUPFD, 20);
    if (dup2(away_orders, 3) < 0 || dup2(away_done, 4) < 0 ||
        syscall(SYS_close_range, 5, ~0u, 0) < 0)
        _exit(1);
    serve(3, 4);
    _exit(0);
}
