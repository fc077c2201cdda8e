/* Times and extended attributes. */

#include "questions.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/xattr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>

static void tell_times(const char *path) {
    struct stat status;
    lstat(path, &status);
    say("%ld.%09ld %ld.%09ld; ", (long)status.st_atim.tv_sec, status.st_atim.tv_nsec,
        (long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static void set_times(const char *what, struct timespec one, struct timespec two) {
    struct timespec times[2] = {one, two};
    tell(what, utimensat(AT_FDCWD, "file", times, 0));
    if (one.tv_nsec < 1000000000 && two.tv_nsec < 1000000000)
        tell_times("file");
}

static void times(void) {
    close(make("file", "content"));
    set_times("exact", (struct timespec){1000000000, 123456789}, (struct timespec){1, 999999999});
    set_times("before 1970", (struct timespec){-5, 5}, (struct timespec){-1000000, 1});
    set_times("after 2038", (struct timespec){4000000000, 1}, (struct timespec){5000000000, 2});
    set_times("one", (struct timespec){7, 7}, (struct timespec){0, UTIME_OMIT});
    tell_times("file");
    set_times("now", (struct timespec){0, UTIME_OMIT}, (struct timespec){0, UTIME_NOW});
    struct stat status;
    stat("file", &status);
    long old = time(NULL) - status.st_mtim.tv_sec;
    say("%s; ", old >= -1 && old < 5 ? "it is now" : "it is another time");
    set_times("wrong", (struct timespec){0, 2000000000}, (struct timespec){0, 0});
}

static int later(const char *path, struct timespec than, bool change) {
    struct stat status;
    stat(path, &status);
    struct timespec then = change ? status.st_ctim : status.st_mtim;
    return then.tv_sec > than.tv_sec || (then.tv_sec == than.tv_sec && then.tv_nsec > than.tv_nsec);
}

static void times_move(void) {
    int fd = make("file", "content");
    struct stat before;
    fstat(fd, &before);
    rest_ms(30);
    tell("write", pwrite(fd, "x", 1, 0));
    say("modified %d; ", later("file", before.st_mtim, false));
    fstat(fd, &before);
    rest_ms(30);
    fchmod(fd, 0600);
    say("modified %d changed %d; ", later("file", before.st_mtim, false),
        later("file", before.st_ctim, true));
    stat(".", &before);
    rest_ms(30);
    close(make("new", ""));
    say("folder %d; ", later(".", before.st_mtim, false));
    stat("file", &before);
    rest_ms(30);
    link("file", "second");
    say("linked %d; ", later("file", before.st_ctim, true));
}

static void extended(void) {
    close(make("file", ""));
    char value[100] = {0};
    tell("replace nothing", setxattr("file", "user.a", "1", 1, XATTR_REPLACE));
    tell("create", setxattr("file", "user.a", "1", 1, XATTR_CREATE));
    tell("create again", setxattr("file", "user.a", "2", 1, XATTR_CREATE));
    tell("replace", setxattr("file", "user.a", "22", 2, XATTR_REPLACE));
    tell("get", getxattr("file", "user.a", value, 100));
    say("%s; ", value);
    tell("size", getxattr("file", "user.a", NULL, 0));
    tell("little room", getxattr("file", "user.a", value, 1));
    tell("empty", setxattr("file", "user.empty", "", 0, 0));
    tell("get", getxattr("file", "user.empty", value, 100));
    ssize_t size = listxattr("file", value, 100);
    tell("list", size);
    tell("list size", listxattr("file", NULL, 0));
    tell("list little", listxattr("file", value, 3));
    tell("remove", removexattr("file", "user.a"));
    tell("remove again", removexattr("file", "user.a"));
    tell("get", getxattr("file", "user.a", value, 100));
    tell("unknown space", setxattr("file", "strange.a", "1", 1, 0));
    tell("no space", setxattr("file", "a", "1", 1, 0));
}

static void extended_of_others(void) {
    char value[20] = {0};
    symlink("nowhere", "link");
    mkfifo("fifo", 0600);
    mkdir("folder", 0755);
    tell("link", lsetxattr("link", "user.a", "1", 1, 0));
    tell("fifo", setxattr("fifo", "user.a", "1", 1, 0));
    tell("folder", setxattr("folder", "user.a", "1", 1, 0));
    tell("trusted", setxattr("folder", "trusted.a", "12", 2, 0));
    tell("get", getxattr("folder", "trusted.a", value, 20));
    tell("get of link", lgetxattr("link", "user.a", value, 20));
}

static void large_values(void) {
    close(make("file", ""));
    static char value[70000], back[70000];
    memset(value, 'v', sizeof value);
    tell("3000", setxattr("file", "user.large", value, 3000, 0));
    tell("get", getxattr("file", "user.large", back, sizeof back));
    say("%s; ", memcmp(value, back, 3000) == 0 ? "same" : "other");
    tell("70000", setxattr("file", "user.huge", value, 70000, 0));
    char name[300] = "user.";
    memset(name + 5, 'n', 250);
    tell("long name", setxattr("file", name, "1", 1, 0));
    name[255] = 'n';
    tell("longer name", setxattr("file", name, "1", 1, 0));
}

static void try_trusted(void) {
    tell("set", setxattr("file", "trusted.a", "1", 1, 0));
    tell("get", getxattr("file", "trusted.a", NULL, 0));
    tell("capability", setxattr("file", "security.capability", "1", 1, 0));
    tell("own", setxattr("file", "user.a", "1", 1, 0));
}

static void trusted_by_user(void) {
    close(make("file", ""));
    chmod("file", 0666);
    chown("file", 1000, 1000);
    setxattr("file", "trusted.a", "1", 1, 0);
    apart(1000, 1000, try_trusted);
}

/* cap_net_raw, permitted and effective */
static const struct vfs_cap_data raw_sockets = {
    .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, .data[0].permitted = 1 << 13};

static void write_x(void) {
    int fd = open("file", O_RDWR);
    tell("write", write(fd, "x", 1));
}

static void capabilities(void) {
    close(make("file", "content"));
    chmod("file", 0777);
    tell("set", setxattr("file", "security.capability", &raw_sockets, sizeof raw_sockets, 0));
    struct vfs_cap_data back = {0};
    tell("get", getxattr("file", "security.capability", &back, sizeof back));
    say("%x; ", back.data[0].permitted);
    apart(1000, 1000, write_x);
    tell("after a write", getxattr("file", "security.capability", NULL, 0));
    tell("set", setxattr("file", "security.capability", &raw_sockets, sizeof raw_sockets, 0));
    tell("chown", chown("file", 5, 5));
    tell("after chown", getxattr("file", "security.capability", NULL, 0));
    tell("set", setxattr("file", "security.capability", &raw_sockets, sizeof raw_sockets, 0));
    tell("rename", rename("file", "moved"));
    tell("after a rename", getxattr("moved", "security.capability", NULL, 0));
    tell("remove", removexattr("moved", "security.capability"));
}

static void run_it(void) {
    int status =
        system("grep CapEff: /proc/self/status >/dev/null; ./program CapEff: /proc/self/status");
    say("exit %d; ", WEXITSTATUS(status));
}

static void capabilities_work(void) {
    say("%d; ", WEXITSTATUS(system("cp /bin/grep program")));
    apart(1000, 1000, run_it);
    tell("set", setxattr("program", "security.capability", &raw_sockets, sizeof raw_sockets, 0));
    apart(1000, 1000, run_it);
}

static void set_ids_work(void) {
    say("%d; ", WEXITSTATUS(system("cp /usr/bin/grep program")));
    chown("program", 1234, 5678);
    chmod("program", 06755);
    say("exit %d; ", WEXITSTATUS(system("./program -E '^[UG]id:' /proc/self/status")));
}

static void wide_status(void) {
    close(make("file", "0123456789"));
    struct statx status = {0};
    tell("statx", statx(AT_FDCWD, "file", 0, STATX_BASIC_STATS, &status));
    say("%o %u %llu %s; ", status.stx_mode, status.stx_nlink, (unsigned long long)status.stx_size,
        (status.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS ? "all" : "some");
    tell("flags", statx(AT_FDCWD, "file", AT_STATX_FORCE_SYNC, STATX_SIZE, &status));
    tell("none", statx(AT_FDCWD, "", 0, STATX_SIZE, &status));
}

static void file_systems(void) {
    struct statvfs status;
    tell("statvfs", statvfs(".", &status));
    say("names %lu blocks %s free %s; ", status.f_namemax, status.f_blocks > 0 ? "some" : "none",
        status.f_bavail > 0 ? "some" : "none");
}

static void same_inodes(void) {
    close(make("file", ""));
    struct stat one, two;
    stat("file", &one);
    close(make("another", ""));
    stat("another", &two);
    say("%s; ", one.st_ino != two.st_ino ? "differ" : "same");
    stat(at_other("file"), &two);
    say("%s; ", one.st_ino == two.st_ino ? "same" : "differ");
    stat(at_host("file"), &two);
    say("%s; ", one.st_ino == two.st_ino ? "same" : "differ");
}

const struct question about_attributes[] = {
    {"times are set to the nanosecond", times},
    {"times move with changes", times_move},
    {"extended attributes", extended},
    {"extended attributes of links, fifos and folders", extended_of_others},
    {"large extended attributes", large_values},
    {"what only root may set", trusted_by_user},
    {"capabilities of files are kept, and lost by changes", capabilities},
    {"capabilities of files work", capabilities_work},
    {"set-user-ID and set-group-ID work", set_ids_work},
    {"all of a file's status", wide_status},
    {"the file system's own status", file_systems},
    {"inodes of files are the host's", same_inodes},
    {NULL, NULL},
};
