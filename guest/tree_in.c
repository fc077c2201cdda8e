/*
 * Makes a tree of records below the working folder, by docker's rules for archives: what stands in
 * the way goes, but for a folder where a folder comes. The root is the container's.
 */

#include "sparse.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define OPEN_FOLDERS_MAX 32
#define IMPLIED_FOLDER_MODE 0755

static const struct tree_in_options *options;

/* Of the tree that goes: what is mounted inside it stays. */
static uint64_t going_mount;

static uint64_t mount_of(const char *path) {
    struct statx found;
    const long result =
        syscall(SYS_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &found);
    return result < 0 ? 0 : found.stx_mnt_id;
}

static int remove_one(const char *path, const struct stat *information, int type,
                      struct FTW *place) {
    (void)information;
    (void)type;
    (void)place;
    if (mount_of(path) == going_mount)
        return remove(path);
    errno = EBUSY;
    return -1;
}

/* Not by FTW_MOUNT: an overlayfs tells another device for files than for folders. */
static int remove_tree(const char *path) {
    going_mount = mount_of(path);
    return nftw(path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
}

/* The folder of the entry before: it is there. "" after something was removed. */
static char known_parent[PATH_MAX];

/* Makes room for the entry; 1 when it is a folder that is there already. */
static int clear_the_way(const struct record_entry *entry, struct failure *failure) {
    struct stat found;
    if (lstat(entry->path, &found) < 0)
        return errno == ENOENT ? 0 : fail_errno(failure, "cannot look at \"%s\"", entry->path);
    bool is_folder = entry->type == TREE_FOLDER;
    if (S_ISDIR(found.st_mode) && is_folder)
        return 1;
    if (options->keep_kind && S_ISDIR(found.st_mode))
        return fail(failure, STATUS_INVALID, "cannot overwrite directory \"%s\" with non-directory",
                    entry->path);
    if (options->keep_kind && is_folder)
        return fail(failure, STATUS_INVALID, "cannot overwrite non-directory \"%s\" with directory",
                    entry->path);
    known_parent[0] = 0;
    if (remove_tree(entry->path) < 0)
        return fail_errno(failure, "cannot remove \"%s\"", entry->path);
    return 0;
}

static int make_parents(const char *path, struct failure *failure) {
    char parent[PATH_MAX];
    const char *end = strrchr(path, '/');
    size_t length = end == NULL ? 0 : (size_t)(end - path);
    if (strlen(known_parent) == length && memcmp(known_parent, path, length) == 0)
        return 0;
    snprintf(parent, sizeof parent, "%s", path);
    for (char *slash = strchr(parent, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(parent, IMPLIED_FOLDER_MODE) < 0 && errno != EEXIST)
            return fail_errno(failure, "cannot make \"%s\"", parent);
        *slash = '/';
    }
    snprintf(known_parent, sizeof known_parent, "%.*s", (int)length, path);
    return 0;
}

static int broken(struct failure *failure) {
    return fail(failure, STATUS_INVALID, "cannot read what to write: it breaks the protocol");
}

static int take_content(int fd, uint64_t size, const char *path, struct failure *failure) {
    for (uint64_t left = size; left > 0;) {
        struct record record;
        if (!record_next(&record) || record.kind != RECORD_CONTENT || record.length > left)
            return broken(failure);
        if (write_sparse(fd, record.body, record.length, size - left) < 0)
            return fail_errno(failure, "cannot write \"%s\"", path);
        left -= record.length;
    }
    if (ftruncate(fd, (off_t)size) < 0)
        return fail_errno(failure, "cannot write \"%s\"", path);
    return 0;
}

static int make_node(const struct record_entry *entry, struct failure *failure) {
    static const mode_t kinds[] = {
        [TREE_CHAR] = S_IFCHR, [TREE_BLOCK] = S_IFBLK, [TREE_FIFO] = S_IFIFO};
    mode_t mode = kinds[entry->type] | 0600;
    if (mknod(entry->path, mode, makedev(entry->major, entry->minor)) < 0)
        return fail_errno(failure, "cannot make \"%s\"", entry->path);
    return 0;
}

static int make_hard_link(const struct record_entry *entry, struct failure *failure) {
    if (!record_path_is_safe(entry->link) || entry->link[0] == 0)
        return fail(failure, STATUS_INVALID, "invalid hardlink \"%s\" -> \"%s\"", entry->path,
                    entry->link);
    if (linkat(AT_FDCWD, entry->link, AT_FDCWD, entry->path, 0) < 0)
        return fail_errno(failure, "cannot link \"%s\" to \"%s\"", entry->path, entry->link);
    return 0;
}

static int make_new(const struct record_entry *entry, struct failure *failure) {
    switch (entry->type) {
    case TREE_FOLDER:
        return mkdir(entry->path, 0700) < 0 ? fail_errno(failure, "cannot make \"%s\"", entry->path)
                                            : 0;
    case TREE_LINK:
        return symlink(entry->link, entry->path) < 0
                   ? fail_errno(failure, "cannot make \"%s\"", entry->path)
                   : 0;
    case TREE_CHAR:
    case TREE_BLOCK:
    case TREE_FIFO:
        return make_node(entry, failure);
    case TREE_HARD_LINK:
        return make_hard_link(entry, failure);
    default:
        return broken(failure);
    }
}

/* Attributes that the file system doesn't take are left out, as docker does. */
static int set_xattrs(struct reader *reader, const struct record_entry *entry,
                      struct failure *failure) {
    for (uint32_t index = 0; index < entry->xattr_count; index++) {
        const char *name;
        const uint8_t *value;
        size_t count;
        if (!record_read_xattr(reader, &name, &value, &count))
            return broken(failure);
        if (lsetxattr(entry->path, name, value, count, 0) < 0 && errno != ENOTSUP && errno != EPERM)
            return fail_errno(failure, "cannot set attribute %.100s of \"%s\"", name, entry->path);
    }
    return reader->bad || reader->at != reader->end ? broken(failure) : 0;
}

static int set_times(const struct record_entry *entry, struct failure *failure) {
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, entry->modified};
    const char *path = entry->path[0] == 0 ? "." : entry->path;
    if (utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOTSUP)
        return fail_errno(failure, "cannot set the time of \"%s\"", entry->path);
    return 0;
}

/* The owner first: changing it takes setuid bits and file capabilities away. */
static int set_attributes(struct reader *reader, const struct record_entry *entry,
                          struct failure *failure) {
    uid_t uid = options->has_owner ? options->uid : entry->uid;
    gid_t gid = options->has_owner ? options->gid : entry->gid;
    const char *path = entry->path[0] == 0 ? "." : entry->path;
    if (lchown(path, uid, gid) < 0)
        return fail_errno(failure, "cannot give \"%s\" to %u:%u", entry->path, uid, gid);
    if (entry->type != TREE_LINK && chmod(path, entry->mode) < 0)
        return fail_errno(failure, "cannot set the mode of \"%s\"", entry->path);
    return set_xattrs(reader, entry, failure);
}

static int open_new(const struct record_entry *entry) {
    return open(entry->path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
                entry->mode & 0777);
}

/* Asks for as little as it can: by emulation each change of a file's attributes takes its time. */
static int give_attributes(int fd, const struct record_entry *entry) {
    struct stat made;
    uid_t uid = options->has_owner ? options->uid : entry->uid;
    gid_t gid = options->has_owner ? options->gid : entry->gid;
    if (fstat(fd, &made) < 0 ||
        ((made.st_uid != uid || made.st_gid != gid) && fchown(fd, uid, gid) < 0))
        return -1;
    return (made.st_mode & 07777) == entry->mode ? 0 : fchmod(fd, entry->mode);
}

static int make_file(struct reader *reader, const struct record_entry *entry,
                     struct failure *failure) {
    cleanup_close int fd = open_new(entry);
    if (fd < 0 && errno == EEXIST) {
        if (clear_the_way(entry, failure) < 0)
            return -1;
        fd = open_new(entry);
    }
    if (fd < 0)
        return fail_errno(failure, "cannot make \"%s\"", entry->path);
    if (take_content(fd, entry->size, entry->path, failure) < 0)
        return -1;
    if (give_attributes(fd, entry) < 0)
        return fail_errno(failure, "cannot set the attributes of \"%s\"", entry->path);
    if (set_xattrs(reader, entry, failure) < 0)
        return -1;
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, entry->modified};
    return futimens(fd, times) < 0
               ? fail_errno(failure, "cannot set the time of \"%s\"", entry->path)
               : 0;
}

static int make_entry(struct reader *reader, const struct record_entry *entry,
                      struct failure *failure) {
    if (entry->path[0] == 0) /* the folder itself keeps its attributes */
        return entry->type == TREE_FOLDER ? 0 : broken(failure);
    if (make_parents(entry->path, failure) < 0)
        return -1;
    if (entry->type == TREE_FILE)
        return make_file(reader, entry, failure);
    int is_there = clear_the_way(entry, failure);
    if (is_there < 0 || (is_there == 0 && make_new(entry, failure) < 0))
        return -1;
    if (entry->type == TREE_HARD_LINK)
        return 0;
    return set_attributes(reader, entry, failure) < 0 ? -1 : set_times(entry, failure);
}

static int take_entry(const struct record *record, struct failure *failure) {
    static uint8_t body[RECORD_MAX]; /* contents pass before the attributes are read */
    struct reader reader;
    struct record_entry entry;
    memcpy(body, record->body, record->length);
    if (reader_open(&reader, body, record->length) < 0)
        return fail_errno(failure, "cannot take an entry");
    int result =
        record_read_entry(&reader, &entry) ? make_entry(&reader, &entry, failure) : broken(failure);
    reader_close(&reader);
    return result;
}

static int take_times(const struct record *record, struct failure *failure) {
    struct reader reader;
    struct record_entry entry = {0};
    if (reader_open(&reader, record->body, record->length) < 0)
        return fail_errno(failure, "cannot take a time");
    int result = record_read_times(&reader, &entry) ? set_times(&entry, failure) : broken(failure);
    reader_close(&reader);
    return result;
}

int tree_in(const struct tree_in_options *given, struct failure *failure) {
    struct record record;
    options = given;
    umask(0);
    while (record_next(&record)) {
        if (record.kind == RECORD_DONE)
            return 0;
        if (record.kind == RECORD_ENTRY   ? take_entry(&record, failure) < 0
            : record.kind == RECORD_TIMES ? take_times(&record, failure) < 0
                                          : broken(failure) < 0)
            return -1;
    }
    return fail(failure, STATUS_INVALID, "cannot go on writing: who sent it has gone");
}
