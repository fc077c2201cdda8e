#include "tmpfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "mount.h"

#define OPTIONS_MAX 4096u

/* Flags that Docker takes in --tmpfs options; false: it is one of the file system's own. */
static bool take_flag(const char *word, size_t length, unsigned long *flags) {
    static const struct {
        const char *name;
        unsigned long set;
        unsigned long clear;
    } words[] = {{"ro", MS_RDONLY, 0},         {"rw", 0, MS_RDONLY},
                 {"exec", 0, MS_NOEXEC},       {"noexec", MS_NOEXEC, 0},
                 {"suid", 0, MS_NOSUID},       {"nosuid", MS_NOSUID, 0},
                 {"dev", 0, MS_NODEV},         {"nodev", MS_NODEV, 0},
                 {"noatime", MS_NOATIME, 0},   {"nodiratime", MS_NODIRATIME, 0},
                 {"relatime", MS_RELATIME, 0}, {"strictatime", MS_STRICTATIME, 0},
                 {"sync", MS_SYNCHRONOUS, 0},  {"async", 0, MS_SYNCHRONOUS}};
    for (size_t index = 0; index < sizeof words / sizeof *words; index++) {
        if (strlen(words[index].name) != length || strncmp(words[index].name, word, length) != 0)
            continue;
        *flags = (*flags | words[index].set) & ~words[index].clear;
        return true;
    }
    return false;
}

static int add_option(char *options, const char *word, size_t length, struct failure *failure) {
    size_t used = strlen(options);
    if (used + 1 + length >= OPTIONS_MAX)
        return fail(failure, STATUS_INVALID, "cannot mount a tmpfs: its options are too long");
    snprintf(options + used, OPTIONS_MAX - used, "%s%.*s", used == 0 ? "" : ",", (int)length, word);
    return 0;
}

/* Before the user's own options, of which the last one counts. */
static int add_folders(int root, const char *target, char *options, struct failure *failure) {
    char words[64];
    struct stat folder;
    cleanup_close int fd = open_in(root, target, O_PATH | O_DIRECTORY);
    if (fd < 0 || fstat(fd, &folder) < 0)
        return 0;
    int length = snprintf(words, sizeof words, "mode=%o,uid=%u,gid=%u", folder.st_mode & 07777,
                          folder.st_uid, folder.st_gid);
    return add_option(options, words, (size_t)length, failure);
}

static int read_options(const char *given, unsigned long *flags, char *options,
                        struct failure *failure) {
    while (*given != 0) {
        size_t length = strcspn(given, ",");
        if (length > 0 && !take_flag(given, length, flags) &&
            add_option(options, given, length, failure) < 0)
            return -1;
        given += length + (given[length] == ',');
    }
    return 0;
}

int place_tmpfs(int root, const struct guest_mount *mount, struct failure *failure) {
    char options[OPTIONS_MAX] = "";
    unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (add_folders(root, mount->target, options, failure) < 0 ||
        read_options(mount->options, &flags, options, failure) < 0)
        return -1;
    if (mount->read_only)
        flags |= MS_RDONLY;
    cleanup_close int target = make_folder_in(root, mount->target, failure);
    if (target < 0 || mount_on("tmpfs", target, "tmpfs", flags, options, failure) == 0)
        return target < 0 ? -1 : 0;
    return fail(failure, STATUS_INTERNAL,
                "error mounting \"tmpfs\" to rootfs at \"%.200s\": mount tmpfs:%.200s, flags: "
                "0x%lx, data: %.200s: %s",
                mount->target, mount->target, flags, mount->options, error_text(errno));
}
