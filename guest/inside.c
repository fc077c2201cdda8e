#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define LINKS_MAX 255

int open_in(int root, const char *path, int flags) {
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/* A path that is being followed: `done` has no link in it, `rest` is what comes then. */
struct way {
    int root;
    char done[PATH_MAX]; /* "" is the root */
    char rest[2 * PATH_MAX];
    int links;
};

static int too_long(void) {
    errno = ENAMETOOLONG;
    return -1;
}

/* The next name of what is left; false at its end. */
static bool take_name(struct way *way, char name[NAME_MAX + 2]) {
    char *start = way->rest + strspn(way->rest, "/");
    size_t length = strcspn(start, "/");
    snprintf(name, NAME_MAX + 2, "%.*s", (int)length, start);
    memmove(way->rest, start + length, strlen(start + length) + 1);
    return length > 0;
}

static void go_up(struct way *way) {
    char *slash = strrchr(way->done, '/');
    if (slash != NULL)
        *slash = 0;
}

static int go_down(struct way *way, const char *name) {
    size_t used = strlen(way->done);
    if (strlen(name) > NAME_MAX || used + 1 + strlen(name) >= sizeof way->done)
        return too_long();
    snprintf(way->done + used, sizeof way->done - used, "/%s", name);
    return 0;
}

/* Puts a link's target before what is left; the link is the last name of what is done. */
static int follow(struct way *way, int link) {
    char target[PATH_MAX], rest[sizeof way->rest];
    ssize_t length = readlinkat(link, "", target, sizeof target - 1);
    if (length < 0)
        return -1;
    target[length] = 0;
    if (++way->links > LINKS_MAX) {
        errno = ELOOP;
        return -1;
    }
    int used = snprintf(rest, sizeof rest, "%s/%s", target, way->rest);
    if (used < 0 || (size_t)used >= sizeof rest)
        return too_long();
    memcpy(way->rest, rest, (size_t)used + 1);
    if (target[0] == '/')
        way->done[0] = 0;
    else
        go_up(way);
    return 0;
}

static int step(struct way *way, const char *name) {
    struct stat information;
    if (strcmp(name, ".") == 0)
        return 0;
    if (strcmp(name, "..") == 0) {
        go_up(way);
        return 0;
    }
    if (go_down(way, name) < 0)
        return -1;
    cleanup_close int fd = open_in(way->root, way->done, O_PATH | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    if (fstat(fd, &information) < 0)
        return -1;
    return S_ISLNK(information.st_mode) ? follow(way, fd) : 0;
}

int resolve_in(int root, const char *path, char result[PATH_MAX], struct failure *failure) {
    char name[NAME_MAX + 2];
    struct way way = {.root = root};
    int used = snprintf(way.rest, PATH_MAX, "%s", path);
    if (used < 0 || used >= PATH_MAX)
        return fail(failure, STATUS_INVALID, "cannot find %.200s...: file name too long", path);
    while (take_name(&way, name))
        if (step(&way, name) < 0)
            return errno == ELOOP ? fail(failure, STATUS_INVALID, "cannot find %.800s: %s", path,
                                         error_text(ELOOP))
                                  : fail_errno(failure, "cannot find %.800s", path);
    snprintf(result, PATH_MAX, "%s", way.done[0] == 0 ? "/" : way.done);
    return 0;
}

static int open_folder(int above, const char *name) {
    const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(above, name, flags);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    return mkdirat(above, name, 0755) < 0 ? -1 : openat(above, name, flags);
}

/* `path` has no link in it; `asked` is what it is called. */
static int make_folders(int root, char *path, const char *asked, struct failure *failure) {
    char *rest = path, *name;
    int folder = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    while (folder >= 0 && (name = strsep(&rest, "/")) != NULL) {
        int above = folder;
        if (name[0] == 0)
            continue;
        folder = open_folder(above, name);
        int number = errno;
        close(above);
        errno = number;
        if (folder < 0)
            return fail_errno(failure, "mkdir %.800s", asked);
    }
    return folder < 0 ? fail_errno(failure, "cannot open the root") : folder;
}

int make_folder_in(int root, const char *path, struct failure *failure) {
    char resolved[PATH_MAX];
    if (resolve_in(root, path, resolved, failure) < 0)
        return -1;
    return make_folders(root, resolved, path, failure);
}

int make_file_at(int folder, const char *name, struct failure *failure) {
    int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    if (errno != ENOENT)
        return fail_errno(failure, "cannot open %s", name);
    cleanup_close int made =
        openat(folder, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0755);
    if (made < 0)
        return fail_errno(failure, "open %s", name);
    fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? fail_errno(failure, "cannot open %s", name) : fd;
}

int make_file_in(int root, const char *path, struct failure *failure) {
    char resolved[PATH_MAX];
    if (resolve_in(root, path, resolved, failure) < 0)
        return -1;
    char *name = strrchr(resolved, '/');
    if (name == NULL || name[1] == 0)
        return fail(failure, STATUS_INVALID, "cannot make %s: it is a folder", path);
    *name++ = 0;
    cleanup_close int folder = make_folders(root, resolved, path, failure);
    return folder < 0 ? -1 : make_file_at(folder, name, failure);
}
