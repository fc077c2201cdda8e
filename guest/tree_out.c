#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define LINKS_MAX 40
#define XATTR_NAMES_MAX 65536
#define XATTR_VALUE_MAX 65536
#define OVERLAY_XATTR "trusted.overlay."

ssize_t path_enter(struct tree_path *path, const char *name, struct failure *failure) {
    size_t before = path->length;
    int used = snprintf(path->text + before, sizeof path->text - before, "%s%s",
                        before == 0 ? "" : "/", name);
    if (used < 0 || (size_t)used >= sizeof path->text - before) {
        path->text[before] = 0;
        return fail(failure, STATUS_INVALID, "cannot read below %.200s...: its path is too long",
                    path->text);
    }
    path->length += (size_t)used;
    return (ssize_t)before;
}

void path_leave(struct tree_path *path, size_t length) {
    path->length = length;
    path->text[length] = 0;
}

int each_name(int (*each)(const char *name, void *what, struct failure *failure), void *what,
              struct failure *failure) {
    DIR *folder = opendir(".");
    if (folder == NULL)
        return fail_errno(failure, "cannot read a folder");
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        result = each(entry->d_name, what, failure);
        if (result == 0 && fchdir(dirfd(folder)) < 0)
            result = fail_errno(failure, "cannot return to a folder");
    }
    closedir(folder);
    return result;
}

/* Files with more than one link that were sent: open addressing, grown by doubling. */
static struct linked {
    dev_t device;
    ino_t inode;
} * linked;
static size_t linked_count, linked_room;

static struct linked *find_linked(dev_t device, ino_t inode) {
    size_t at = (size_t)(inode * 0x9e3779b97f4a7c15u ^ device) & (linked_room - 1);
    while (linked[at].inode != 0 && (linked[at].inode != inode || linked[at].device != device))
        at = (at + 1) & (linked_room - 1);
    return &linked[at];
}

static bool grow_linked(void) {
    struct linked *before = linked;
    size_t count = linked_room;
    struct linked *grown = calloc(count == 0 ? 256 : 2 * count, sizeof *grown);
    if (grown == NULL)
        return false;
    linked = grown;
    linked_room = count == 0 ? 256 : 2 * count;
    for (size_t at = 0; at < count; at++)
        if (before[at].inode != 0)
            *find_linked(before[at].device, before[at].inode) = before[at];
    free(before);
    return true;
}

/* Where memory is short a link goes as a file of its own. */
bool was_linked(const struct stat *information) {
    if (information->st_nlink < 2 || S_ISDIR(information->st_mode) || information->st_ino == 0)
        return false;
    if (2 * linked_count >= linked_room && !grow_linked())
        return false;
    struct linked *slot = find_linked(information->st_dev, information->st_ino);
    if (slot->inode != 0)
        return true;
    *slot = (struct linked){information->st_dev, information->st_ino};
    linked_count++;
    return false;
}

static uint8_t type_of(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return TREE_FOLDER;
    case S_IFLNK:
        return TREE_LINK;
    case S_IFCHR:
        return TREE_CHAR;
    case S_IFBLK:
        return TREE_BLOCK;
    case S_IFIFO:
        return TREE_FIFO;
    case S_IFSOCK:
        return TREE_SOCKET;
    default:
        return TREE_FILE;
    }
}

int sent(int result, struct failure *failure) {
    if (result >= 0)
        return 0;
    if (errno == E2BIG)
        return fail(failure, STATUS_UNSUPPORTED, "extended attributes of more than %u bytes",
                    RECORD_MAX);
    return fail_errno(failure, "cannot send");
}

/* What overlayfs notes for itself is no attribute of the file. */
static bool is_told(const char *name) {
    return strncmp(name, OVERLAY_XATTR, strlen(OVERLAY_XATTR)) != 0;
}

static void write_xattrs(struct writer *to, const char *name) {
    static char names[XATTR_NAMES_MAX];
    static uint8_t value[XATTR_VALUE_MAX];
    ssize_t total = llistxattr(name, names, sizeof names);
    size_t count_at = to->used;
    uint32_t count = 0;
    write_u32(to, 0);
    for (ssize_t at = 0; at < total; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t size = is_told(names + at) ? lgetxattr(name, names + at, value, sizeof value) : -1;
        if (size < 0)
            continue;
        write_string(to, names + at);
        write_u32(to, (uint32_t)size);
        write_raw(to, value, (size_t)size);
        count++;
    }
    if (!to->full)
        put_u32(to->bytes + count_at, count);
}

static int send_entry(uint8_t type, const char *name, const struct tree_path *path,
                      const struct stat *information, struct failure *failure) {
    char link[PATH_MAX] = "";
    struct stat told = *information;
    if (type != TREE_FILE)
        told.st_size = 0;
    if (type == TREE_LINK) {
        ssize_t length = readlink(name, link, sizeof link - 1);
        if (length < 0)
            return fail_errno(failure, "cannot read link %s", path->text);
        link[length] = 0;
    }
    struct writer *to = record_begin(RECORD_ENTRY);
    record_entry_head(to, type, &told, path->text, link);
    if (type == TREE_HARD_LINK)
        write_u32(to, 0);
    else
        write_xattrs(to, name);
    return sent(record_end(), failure);
}

/* A file that grows is cut, one that shrinks is filled with zeros: as GNU tar does. */
static int send_content(int fd, uint64_t size, const char *path, struct failure *failure) {
    while (size > 0) {
        ssize_t count = record_content(fd, size);
        if (count < 0)
            return fail_errno(failure, "cannot read %s", path);
        if (count == 0)
            count = record_zeros(size);
        if (count < 0)
            return sent(-1, failure);
        size -= (uint64_t)count;
    }
    return 0;
}

static int send_file(const char *name, const struct tree_path *path, struct failure *failure) {
    struct stat information;
    cleanup_close int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ELOOP || errno == ENXIO))
        return 0; /* it has gone meanwhile, or become something else */
    if (fd < 0 || fstat(fd, &information) < 0)
        return fail_errno(failure, "cannot open %s", path->text);
    if (!S_ISREG(information.st_mode))
        return 0;
    if (send_entry(TREE_FILE, name, path, &information, failure) < 0)
        return -1;
    return send_content(fd, (uint64_t)information.st_size, path->text, failure);
}

int send_one(const char *name, const struct tree_path *path, const struct stat *information,
             struct failure *failure) {
    uint8_t type = type_of(information->st_mode);
    if (was_linked(information))
        return send_entry(TREE_HARD_LINK, name, path, information, failure);
    if (type == TREE_FILE)
        return send_file(name, path, failure);
    return send_entry(type, name, path, information, failure);
}

int send_mark(uint8_t type, const struct tree_path *path, struct failure *failure) {
    const struct stat nothing = {0};
    struct writer *to = record_begin(RECORD_ENTRY);
    record_entry_head(to, type, &nothing, path->text, "");
    write_u32(to, 0);
    return sent(record_end(), failure);
}

static int send_tree(const char *name, struct tree_path *path, struct failure *failure);

static int send_below(const char *name, void *what, struct failure *failure) {
    struct tree_path *path = what;
    ssize_t before = path_enter(path, name, failure);
    if (before < 0)
        return -1;
    int result = send_tree(name, path, failure);
    path_leave(path, (size_t)before);
    return result;
}

static int send_tree(const char *name, struct tree_path *path, struct failure *failure) {
    struct stat information;
    if (lstat(name, &information) < 0)
        return errno == ENOENT ? 0 : fail_errno(failure, "cannot read %s", path->text);
    if (S_ISSOCK(information.st_mode))
        return 0; /* no archive can hold one */
    if (send_one(name, path, &information, failure) < 0)
        return -1;
    if (!S_ISDIR(information.st_mode))
        return 0;
    cleanup_close int folder = open(name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 || fchdir(folder) < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? 0
                   : fail_errno(failure, "cannot enter %s", path->text);
    return each_name(send_below, path, failure);
}

/* Where `path` leads when the link at its end, and those that it leads to, are followed; false when
 * that has no end. */
static bool follow(const char *path, char *end) {
    char parent[PATH_MAX], link[PATH_MAX], next[2 * PATH_MAX];
    snprintf(end, PATH_MAX, "%s", path);
    for (int hops = 0; hops < LINKS_MAX; hops++) {
        char *slash = strrchr(end, '/');
        if (slash == NULL)
            return true;
        *slash = 0;
        bool found = realpath(*end == 0 ? "/" : end, parent) != NULL;
        *slash = '/';
        if (!found)
            return true;
        snprintf(next, sizeof next, "%s%s", strcmp(parent, "/") == 0 ? "" : parent, slash);
        ssize_t length = readlink(next, link, sizeof link - 1);
        if (length > 0) {
            link[length] = 0;
            snprintf(next, sizeof next, "%s%s%s", link[0] == '/' ? "" : parent,
                     link[0] == '/' ? "" : "/", link);
        }
        snprintf(end, PATH_MAX, "%.*s", PATH_MAX - 1, next);
        if (length <= 0)
            return true;
    }
    return false;
}

int tree_stat(const char *path, struct failure *failure) {
    struct stat information;
    char end[PATH_MAX] = "";
    if (lstat(path, &information) < 0)
        return fail_errno(failure, "cannot find %s", path);
    if (S_ISLNK(information.st_mode) && !follow(path, end))
        return fail(failure, STATUS_INTERNAL, "evalSymlinksInScope: too many links in %s", path);
    struct writer *to = record_begin(RECORD_STAT);
    record_entry_head(to, type_of(information.st_mode), &information, "", end);
    write_u32(to, 0);
    return sent(record_end(), failure);
}

int tree_out(const char *path, struct failure *failure) {
    static struct tree_path below;
    return send_tree(path, &below, failure);
}
