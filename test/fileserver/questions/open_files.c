/* Files that are open while their names go. */

#include "questions.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static int unlinked(void) {
    int fd = make("file", "content");
    unlink("file");
    return fd;
}

static void tell_links(int fd) {
    struct stat status;
    tell("fstat", fstat(fd, &status));
    say("links %lu size %ld; ", (unsigned long)status.st_nlink, (long)status.st_size);
}

static void read_and_write(void) {
    int fd = unlinked();
    tell_fd(fd);
    tell("write", pwrite(fd, "new", 3, 2));
    tell_fd(fd);
    tell_links(fd);
}

static void truncated(void) {
    int fd = unlinked();
    tell("cut", ftruncate(fd, 3));
    tell_fd(fd);
    tell("grow", ftruncate(fd, 6));
    tell_fd(fd);
    tell_links(fd);
}

static void mapped(void) {
    int fd = unlinked();
    char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        tell("mmap", -1);
        return;
    }
    memcpy(at, "MAPPED", 6);
    tell("msync", msync(at, 4096, MS_SYNC));
    close(open("/proc/self/fd", O_RDONLY));
    tell_fd(fd);
    close(fd);
    say("%.7s; ", at);
}

static void rights(void) {
    int fd = unlinked();
    struct stat status;
    tell("fchmod", fchmod(fd, 0604));
    tell("fchown", fchown(fd, 12, 34));
    fstat(fd, &status);
    say("%o %u:%u; ", status.st_mode, status.st_uid, status.st_gid);
}

static void reopened(void) {
    int fd = unlinked();
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, O_RDWR);
    tell("open", again < 0 ? -1 : 0);
    tell("write", write(again, "again", 5));
    tell_fd(fd);
    tell("truncate", truncate(path, 2));
    tell("chmod", chmod(path, 0600));
    tell_links(again);
}

static void times_and_attributes(void) {
    int fd = unlinked();
    struct timespec times[2] = {{1000, 1}, {2000, 2}};
    struct stat status;
    tell("futimens", futimens(fd, times));
    fstat(fd, &status);
    say("%ld.%09ld; ", (long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    char value[10] = {0};
    tell("set", fsetxattr(fd, "user.x", "value", 5, 0));
    tell("get", fgetxattr(fd, "user.x", value, 10));
    say("%s; ", value);
}

static void replaced(void) {
    int old = make("file", "old");
    close(make("new", "the new"));
    tell("rename", rename("new", "file"));
    tell_fd(old);
    tell_links(old);
    tell("cut", ftruncate(old, 1));
    tell_content("file");
    tell_fd(old);
    tell("fchmod", fchmod(old, 0600));
    tell_mode("file");
}

static void replaced_by_other(void) {
    int old = make("file", "old");
    put(at_other("new"), "the new");
    tell("rename", rename(at_other("new"), at_other("file")));
    tell_fd(old);
    tell_content("file");
    tell("write", pwrite(old, "OLD", 3, 0));
    tell_fd(old);
    tell_content("file");
    tell("remove", unlink(at_other("file")));
    tell_fd(old);
    tell_content("file");
}

static void removed_folder(void) {
    mkdir("folder", 0755);
    int fd = open("folder", O_RDONLY | O_DIRECTORY);
    tell("chdir", chdir("folder"));
    tell("rmdir", rmdir("../folder"));
    tell("create", open("x", O_CREAT | O_WRONLY, 0644));
    tell("mkdir", mkdir("y", 0755));
    DIR *folder = fdopendir(fd);
    int count = 0;
    while (readdir(folder) != NULL)
        count++;
    say("entries %d; ", count);
    tell("up", open("..", O_RDONLY) < 0 ? -1 : 0);
}

static void nameless(void) {
    int fd = open(".", O_TMPFILE | O_RDWR, 0640);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    tell("write", write(fd, "nameless", 8));
    tell_links(fd);
    tell("link", linkat(AT_FDCWD, path, AT_FDCWD, "name", AT_SYMLINK_FOLLOW));
    tell_links(fd);
    tell_content("name");
    tell_mode("name");
}

static void nameless_for_good(void) {
    int fd = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0640);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    tell("open", fd < 0 ? -1 : 0);
    tell("link", linkat(AT_FDCWD, path, AT_FDCWD, "name", AT_SYMLINK_FOLLOW));
    tell("read-only", open(".", O_TMPFILE | O_RDONLY, 0640));
}

static void linked_again(void) {
    int fd = unlinked();
    tell("link", linkat(fd, "", AT_FDCWD, "again", AT_EMPTY_PATH));
}

static void by_path_only(void) {
    int file = make("file", "content");
    int fd = open("file", O_PATH);
    close(file);
    unlink("file");
    tell_links(fd);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    tell_content(path);
}

static void executed(void) {
    int from = open("/bin/true", O_RDONLY);
    int fd = open("program", O_CREAT | O_RDWR, 0755);
    char buffer[65536];
    for (ssize_t count; (count = read(from, buffer, sizeof buffer)) > 0;)
        tell("write", write(fd, buffer, (size_t)count) < 0 ? -1 : 0);
    close(fd);
    fd = open("program", O_RDONLY | O_CLOEXEC);
    tell("unlink", unlink("program"));
    pid_t child = fork();
    char *arguments[] = {"program", NULL};
    if (child == 0) {
        fexecve(fd, arguments, environ);
        _exit(99);
    }
    int status;
    waitpid(child, &status, 0);
    say("exit %d; ", WEXITSTATUS(status));
}

static void busy_program(void) {
    close(open("p", O_CREAT | O_RDWR, 0755));
    put("p", "#!/bin/sh\nexit 3\n");
    int writer = open("p", O_RDWR);
    pid_t child = fork();
    if (child == 0) {
        execl("./p", "./p", NULL);
        tell("exec", -1);
        _exit(9);
    }
    int status;
    waitpid(child, &status, 0);
    say("exit %d; ", WEXITSTATUS(status));
    close(writer);
    say("exit %d; ", WEXITSTATUS(system("./p")));
}

static void renamed(void) {
    int fd = make("one", "content");
    mkdir("folder", 0755);
    tell("rename", rename("one", "folder/two"));
    tell("write", pwrite(fd, "C", 1, 0));
    tell_content("folder/two");
    tell("rename", rename("folder", "place"));
    tell("write", pwrite(fd, "O", 1, 1));
    tell_content("place/two");
    tell_links(fd);
}

static void kept_mapping(void) {
    int fd = make("file", "0123456789");
    char *at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    unlink("file");
    close(make("file", "other"));
    say("%.10s; ", at);
}

const struct question about_open_files[] = {
    {"an unlinked open file is read and written", read_and_write},
    {"an unlinked open file is cut and grown", truncated},
    {"an unlinked open file is mapped", mapped},
    {"an unlinked open file gets other rights and owners", rights},
    {"an unlinked open file is opened again through /proc", reopened},
    {"an unlinked open file gets times and attributes", times_and_attributes},
    {"a replaced open file is its old self", replaced},
    {"a file replaced and removed by another machine is its old self", replaced_by_other},
    {"a removed folder that one is in", removed_folder},
    {"a file without a name gets one", nameless},
    {"a file that never gets a name", nameless_for_good},
    {"an unlinked file gets no name again", linked_again},
    {"an unlinked file that was opened by path only", by_path_only},
    {"an unlinked program runs", executed},
    {"a program that is open for writing doesn't run", busy_program},
    {"an open file is renamed, and the folder above it", renamed},
    {"a mapping outlives name and descriptor", kept_mapping},
    {NULL, NULL},
};
