/* What the writable layer says against the image: as a list of changes, or as a layer. */

#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

/* A folder of the writable layer that is being walked through; mostly the working folder. */
struct level {
    struct level *above; /* NULL: the root, of which nothing is told */
    struct tree_path *path;
    size_t length; /* of this folder's own path */
    int folder;
    int image;  /* the image's folder of the same path, or -1 */
    bool hides; /* nothing of that shows through */
    bool as_layer;
    bool exists; /* the image has something of this path */
    bool told;
    struct stat information;
};

static int send_change(uint8_t change, const char *path, struct failure *failure) {
    struct writer *to = record_begin(RECORD_CHANGE);
    write_u8(to, change);
    write_string(to, path);
    return sent(record_end(), failure);
}

static int tell_one(struct level *level, struct failure *failure) {
    if (!level->as_layer)
        return send_change(level->exists ? CHANGE_MODIFIED : CHANGE_ADDED, level->path->text,
                           failure);
    if (fchdir(level->folder) < 0)
        return fail_errno(failure, "cannot enter %s", level->path->text);
    return send_one(".", level->path, &level->information, failure);
}

/*
 * A folder is told of when it differs, or the first thing below it does: what merely holds a mount
 * point has not changed. Leaves the working folder at `level`.
 */
static int tell(struct level *level, struct failure *failure) {
    if (level->told || level->above == NULL)
        return 0;
    if (tell(level->above, failure) < 0)
        return -1;
    level->told = true;
    char *cut = level->path->text + level->length;
    char next = *cut;
    *cut = 0;
    int result = tell_one(level, failure);
    *cut = next;
    return result;
}

static bool is_one_of(const char *path, const char *const *paths, size_t count) {
    for (size_t index = 0; index < count; index++)
        if (strcmp(path, paths[index]) == 0)
            return true;
    return false;
}

static bool leads_to_mounts(const char *name) {
    static const char mounts[] = "/proc/mounts";
    char target[sizeof mounts];
    return readlink(name, target, sizeof target) == sizeof mounts - 1 &&
           memcmp(target, mounts, sizeof mounts - 1) == 0;
}

/* What the agent makes in each container: mount points, and Docker's init layer. */
static bool is_agents(const char *name, const char *path, const struct stat *information,
                      bool exists) {
    static const char *const folders[] = {"dev", "proc", "sys"};
    static const char *const files[] = {"etc/hosts", "etc/hostname", "etc/resolv.conf",
                                        ".dockerenv"};
    if (S_ISDIR(information->st_mode))
        return is_one_of(path, folders, 3);
    if (S_ISLNK(information->st_mode))
        return strcmp(path, "etc/mtab") == 0 && leads_to_mounts(name);
    return S_ISREG(information->st_mode) && information->st_size == 0 && !exists &&
           is_one_of(path, files, 4);
}

static bool is_same_time(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec == b->tv_sec &&
           (a->tv_nsec == b->tv_nsec || a->tv_nsec == 0 || b->tv_nsec == 0);
}

/* The image's folders come up unchanged when something below them changes. */
static bool is_unchanged(const struct stat *upper, const struct stat *image) {
    return upper->st_mode == image->st_mode && upper->st_uid == image->st_uid &&
           upper->st_gid == image->st_gid && is_same_time(&upper->st_mtim, &image->st_mtim);
}

static int send_deletion(struct level *level, struct failure *failure) {
    if (tell(level, failure) < 0)
        return -1;
    return level->as_layer ? send_mark(TREE_WHITEOUT, level->path, failure)
                           : send_change(CHANGE_DELETED, level->path->text, failure);
}

static int check_overlay(const char *name, const struct tree_path *path, struct failure *failure) {
    static const char *const unknown[] = {"trusted.overlay.redirect", "trusted.overlay.metacopy"};
    for (size_t index = 0; index < 2; index++)
        if (lgetxattr(name, unknown[index], NULL, 0) >= 0)
            return fail(failure, STATUS_UNSUPPORTED, "%s has %s, which no layer can tell",
                        path->text, unknown[index]);
    return 0;
}

static bool is_opaque(const char *name) {
    char value;
    return lgetxattr(name, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

/* A name of the image's folder that is hidden as a whole; the working folder is the image's. */
static int send_hidden(const char *name, void *what, struct failure *failure) {
    struct level *level = what;
    struct stat information;
    if (fstatat(level->folder, name, &information, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    ssize_t before = path_enter(level->path, name, failure);
    if (before < 0)
        return -1;
    int result = send_deletion(level, failure);
    path_leave(level->path, (size_t)before);
    return result;
}

static int walk(const char *name, void *what, struct failure *failure);

static int walk_folder(struct level *level, bool merges, bool is_opaque_itself, bool is_changed,
                       struct failure *failure) {
    if (fchdir(level->folder) < 0)
        return fail_errno(failure, "cannot enter %s", level->path->text);
    if (is_changed && tell(level, failure) < 0)
        return -1;
    if (level->as_layer && merges && is_opaque_itself &&
        send_mark(TREE_OPAQUE, level->path, failure) < 0)
        return -1;
    if (!level->as_layer && merges && level->hides &&
        (fchdir(level->image) < 0 || each_name(send_hidden, level, failure) < 0 ||
         fchdir(level->folder) < 0))
        return -1;
    return each_name(walk, level, failure);
}

static int walk_into(struct level *above, const char *name, const struct stat *information,
                     const struct stat *below, struct failure *failure) {
    bool merges = below != NULL && S_ISDIR(below->st_mode);
    bool is_opaque_itself = is_opaque(name);
    struct level level = {.above = above,
                          .path = above->path,
                          .length = above->path->length,
                          .hides = above->hides || is_opaque_itself,
                          .as_layer = above->as_layer,
                          .exists = below != NULL,
                          .information = *information};
    cleanup_close int folder = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return fail_errno(failure, "cannot open %s", above->path->text);
    /* a layer tells once that all is hidden */
    cleanup_close int image = -1;
    if (merges && !(level.hides && level.as_layer))
        image = openat(above->image, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    level.folder = folder;
    level.image = image;
    bool is_agents_parent = below == NULL && strcmp(above->path->text, "etc") == 0;
    bool is_changed = (!merges && !is_agents_parent) || (merges && is_opaque_itself) ||
                      (merges && !is_unchanged(information, below));
    return walk_folder(&level, merges, is_opaque_itself, is_changed, failure);
}

static int walk_one(const char *name, struct level *level, struct failure *failure) {
    const char *path = level->path->text;
    struct stat information, below;
    if (lstat(name, &information) < 0)
        return errno == ENOENT ? 0 : fail_errno(failure, "cannot read %s", path);
    bool exists =
        level->image >= 0 && fstatat(level->image, name, &below, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_agents(name, path, &information, exists))
        return 0;
    bool is_whiteout = S_ISCHR(information.st_mode) && information.st_rdev == 0;
    /* no archive can hold a socket, but it hides what was there */
    if (is_whiteout || S_ISSOCK(information.st_mode))
        return exists ? send_deletion(level, failure) : 0;
    if (check_overlay(name, level->path, failure) < 0)
        return -1;
    if (S_ISDIR(information.st_mode))
        return walk_into(level, name, &information, exists ? &below : NULL, failure);
    if (tell(level, failure) < 0)
        return -1;
    if (!level->as_layer)
        return send_change(exists ? CHANGE_MODIFIED : CHANGE_ADDED, path, failure);
    return send_one(name, level->path, &information, failure);
}

static int walk(const char *name, void *what, struct failure *failure) {
    struct level *level = what;
    ssize_t before = path_enter(level->path, name, failure);
    if (before < 0)
        return -1;
    int result = walk_one(name, level, failure);
    path_leave(level->path, (size_t)before);
    return result;
}

int tree_upper(int image, bool as_layer, struct failure *failure) {
    static struct tree_path path;
    cleanup_close int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return fail_errno(failure, "cannot open the writable layer");
    struct level root = {.path = &path, .folder = folder, .image = image, .as_layer = as_layer};
    return each_name(walk, &root, failure);
}
