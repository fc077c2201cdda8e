/* Who may do what. */

#include "questions.h"

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static void write_to_it(void) {
    int fd = open("file", O_RDWR);
    tell("write", write(fd, "x", 1));
    tell_mode("file");
}

static void prepare(mode_t mode) {
    close(make("file", "content"));
    chown("file", 1000, 1000);
    chmod("file", mode);
    tell_mode("file");
}

static void suid_and_users(void) {
    prepare(06777);
    apart(1000, 1000, write_to_it);
    prepare(06767); /* set-group-ID of what no group may run is a mark of another kind */
    apart(1000, 1000, write_to_it);
    prepare(04777);
    apart(1001, 1001, write_to_it);
}

static void suid_and_root(void) {
    prepare(06777);
    write_to_it();
}

static void cut_it(void) {
    tell("truncate", truncate("file", 2));
    tell_mode("file");
    chmod("file", 06777);
    int fd = open("file", O_RDWR | O_TRUNC);
    tell_mode("file");
    chmod("file", 06777);
    tell("reserve", fallocate(fd, 0, 0, 100));
    tell_mode("file");
    chmod("file", 06777);
    tell("ftruncate", ftruncate(fd, 3));
    tell_mode("file");
}

static void suid_and_cutting(void) {
    prepare(06777);
    apart(1000, 1000, cut_it);
}

static void suid_and_owners(void) {
    prepare(06777);
    tell("chown", chown("file", 1001, -1));
    tell_mode("file");
    chmod("file", 06777);
    tell("chgrp", chown("file", -1, 1001));
    tell_mode("file");
    chmod("file", 02644);
    tell("chgrp", chown("file", -1, 1002));
    tell_mode("file");
    mkdir("folder", 0755);
    chmod("folder", 06777);
    tell("folder", chown("folder", 1000, 1000));
    tell_mode("folder");
}

static void make_in_folder(void) {
    umask(022);
    close(open("shared/file", O_CREAT | O_RDWR, 0666));
    tell_mode("shared/file");
    mkdir("shared/folder", 0777);
    tell_mode("shared/folder");
    mkfifo("shared/fifo", 0666);
    tell_mode("shared/fifo");
    symlink("x", "shared/link");
    tell_mode("shared/link");
    tell("sgid", open("shared/sgid", O_CREAT | O_RDWR, 02775) < 0 ? -1 : 0);
    tell_mode("shared/sgid");
}

static void group_folders(void) {
    mkdir("shared", 0777);
    chown("shared", 0, 2000);
    chmod("shared", 02777);
    apart(1000, 1000, make_in_folder);
    make_in_folder();
}

static void in_sticky(void) {
    tell("unlink", unlink("sticky/file"));
    tell("rename", rename("sticky/file", "sticky/mine"));
    tell("own", open("sticky/own", O_CREAT | O_RDWR, 0666) < 0 ? -1 : 0);
    tell("open", open("sticky/file", O_CREAT | O_RDWR, 0666) < 0 ? -1 : 0);
    tell("unlink own", unlink("sticky/own"));
}

static void sticky_folders(void) {
    mkdir("sticky", 0777);
    chmod("sticky", 01777);
    tell_mode("sticky");
    close(make("sticky/file", "content"));
    chmod("sticky/file", 0666);
    chown("sticky/file", 1001, 1001);
    apart(1000, 1000, in_sticky);
}

static void as_no_owner(void) {
    tell("read", open("file", O_RDONLY));
    tell("write", open("file", O_WRONLY));
    tell("chmod", chmod("file", 0777));
    tell("chown", chown("file", 1001, 1001));
    tell("times", utimensat(AT_FDCWD, "file", NULL, 0));
    tell("truncate", truncate("file", 0));
    tell("access", access("file", R_OK));
    tell("attribute", setxattr("file", "user.x", "x", 1, 0));
    tell("remove", unlink("folder/file"));
    tell("create", open("folder/new", O_CREAT | O_RDWR, 0644));
    tell("link", link("file", "second"));
}

static void strangers(void) {
    close(make("file", "content"));
    chown("file", 1000, 1000);
    chmod("file", 0600);
    mkdir("folder", 0755);
    close(make("folder/file", ""));
    apart(1001, 1001, as_no_owner);
    tell_content("file");
}

static void as_owner(void) {
    tell("read", open("file", O_RDONLY));
    tell("chmod", chmod("file", 0400));
    tell("write", open("file", O_WRONLY));
    tell("chown away", chown("file", 1001, -1));
    tell("chgrp away", chown("file", -1, 1001));
    tell("chown to itself", chown("file", 1000, 1000));
    tell("times", utimensat(AT_FDCWD, "file", NULL, 0));
    int fd = open("new", O_CREAT | O_RDWR, 0);
    tell("write to a closed one", write(fd, "x", 1));
    tell("fchmod", fchmod(fd, 0644));
    tell_mode("new");
    fd = open("read-only", O_CREAT | O_RDWR, 0444);
    tell("write", write(fd, "x", 1));
    tell("again", open("read-only", O_RDWR));
}

static void owners(void) {
    close(make("file", "content"));
    chown("file", 1000, 1000);
    chmod("file", 0);
    tell_content("file");
    apart(1000, 1000, as_owner);
    tell_mode("file");
}

static void in_more_groups(void) {
    gid_t groups[] = {3000, 3001};
    pid_t child = fork();
    if (child == 0) {
        setgroups(2, groups);
        if (setgid(1000) < 0 || setuid(1000) < 0)
            _exit(1);
        tell("write", open("file", O_RDWR) < 0 ? -1 : 0);
        tell("make", open("folder/new", O_CREAT | O_RDWR, 0664) < 0 ? -1 : 0);
        tell_mode("folder/new");
        tell("mkdir", mkdir("folder/in", 0775));
        tell_mode("folder/in");
        tell("chgrp", chown("folder/new", -1, 3000));
        tell_mode("folder/new");
        tell("remove", unlink("folder/new"));
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void further_groups(void) {
    close(make("file", ""));
    chown("file", 0, 3001);
    chmod("file", 0660);
    mkdir("folder", 0775);
    chown("folder", 0, 3001);
    chmod("folder", 02770);
    in_more_groups();
}

static void masks(void) {
    umask(027);
    close(open("file", O_CREAT | O_RDWR, 0666));
    tell_mode("file");
    mkdir("folder", 0777);
    tell_mode("folder");
    umask(0);
    close(open("open", O_CREAT | O_RDWR, 07777));
    tell_mode("open");
    mkdir("all", 07777);
    tell_mode("all");
    umask(0777);
    mknod("none", S_IFREG | 0666, 0);
    tell_mode("none");
}

struct entry {
    uint16_t tag, permissions;
    uint32_t id;
};

struct list {
    uint32_t version;
    struct entry entries[6];
};

/* u::rwx u:1000:WHAT g::r-x m::rwx o::--- */
static const struct list *list_for_user(uint16_t permissions) {
    static struct list list;
    list = (struct list){2,
                         {{1, 7, UINT32_MAX},
                          {2, permissions, 1000},
                          {4, 5, UINT32_MAX},
                          {16, 7, UINT32_MAX},
                          {32, 0, UINT32_MAX}}};
    return &list;
}

#define LIST_SIZE (4 + 5 * 8)

static void tell_list(const char *path, const char *name) {
    struct list list;
    ssize_t size = getxattr(path, name, &list, sizeof list);
    tell("list", size);
    for (ssize_t index = 0; index < (size - 4) / 8; index++)
        say("%x %o %d, ", list.entries[index].tag, list.entries[index].permissions,
            (int)list.entries[index].id);
}

static void use_list(void) {
    tell("read", open("file", O_RDONLY) < 0 ? -1 : 0);
    tell("write", open("file", O_WRONLY) < 0 ? -1 : 0);
}

static void access_lists(void) {
    close(make("file", "content"));
    chmod("file", 0750);
    tell("set", setxattr("file", "system.posix_acl_access", list_for_user(6), LIST_SIZE, 0));
    tell_mode("file");
    tell_list("file", "system.posix_acl_access");
    apart(1000, 1000, use_list);
    apart(1001, 1001, use_list);
    tell("chmod", chmod("file", 0740));
    tell_list("file", "system.posix_acl_access");
    apart(1000, 1000, use_list);
    tell_mode("file");
    tell("remove", removexattr("file", "system.posix_acl_access"));
    tell_mode("file");
    apart(1000, 1000, use_list);
    tell("junk", setxattr("file", "system.posix_acl_access", "junk", 4, 0));
    tell("default on a file",
         setxattr("file", "system.posix_acl_default", list_for_user(6), LIST_SIZE, 0));
}

static void default_lists(void) {
    mkdir("folder", 0755);
    tell("set", setxattr("folder", "system.posix_acl_default", list_for_user(7), LIST_SIZE, 0));
    umask(077);
    close(open("folder/file", O_CREAT | O_RDWR, 0666));
    tell_mode("folder/file");
    tell_list("folder/file", "system.posix_acl_access");
    mkdir("folder/in", 0755);
    tell_mode("folder/in");
    tell_list("folder/in", "system.posix_acl_default");
    tell_list("folder/in", "system.posix_acl_access");
    mkfifo("folder/fifo", 0600);
    tell_mode("folder/fifo");
    symlink("x", "folder/link");
    tell_mode("folder/link");
    close(open("folder/in/file", O_CREAT | O_RDWR, 0640));
    tell_mode("folder/in/file");
    tell("remove", removexattr("folder", "system.posix_acl_default"));
    close(open("folder/plain", O_CREAT | O_RDWR, 0666));
    tell_mode("folder/plain");
}

static void plain_lists(void) {
    static struct list list = {2, {{1, 6, UINT32_MAX}, {4, 4, UINT32_MAX}, {32, 4, UINT32_MAX}}};
    close(make("file", ""));
    chmod("file", 0777);
    tell("set", setxattr("file", "system.posix_acl_access", &list, 4 + 3 * 8, 0));
    tell_mode("file");
    tell("get", getxattr("file", "system.posix_acl_access", NULL, 0));
}

const struct question about_rights[] = {
    {"a user's write takes set-user-ID away", suid_and_users},
    {"root's write leaves set-user-ID", suid_and_root},
    {"cutting takes set-user-ID away", suid_and_cutting},
    {"other owners take set-user-ID away", suid_and_owners},
    {"folders with set-group-ID give their group", group_folders},
    {"sticky folders keep others' files", sticky_folders},
    {"what a stranger may not", strangers},
    {"what an owner may", owners},
    {"further groups of a user count", further_groups},
    {"umask", masks},
    {"access lists", access_lists},
    {"default access lists", default_lists},
    {"an access list that says no more than the mode", plain_lists},
    {NULL, NULL},
};
