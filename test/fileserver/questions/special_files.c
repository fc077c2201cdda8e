/* FIFOs, sockets, device nodes, links. */

#include "questions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

static void write_fifo(void) {
    int fd = open("fifo", O_WRONLY);
    tell("written", write(fd, "through", 7));
}

static void fifo(void) {
    tell("mkfifo", mkfifo("fifo", 0660));
    tell_mode("fifo");
    tell("nonblocking writer", open("fifo", O_WRONLY | O_NONBLOCK));
    beside(write_fifo);
    char text[20] = {0};
    int fd = open("fifo", O_RDONLY);
    rest_ms(100);
    tell("read", read(fd, text, 19));
    say("%s; ", text);
    unlink("fifo");
    tell_mode("fifo");
}

static void both_ways(void) {
    mkfifo("fifo", 0600);
    int fd = open("fifo", O_RDWR | O_NONBLOCK);
    char text[20] = {0};
    tell("write", write(fd, "x", 1));
    tell("read", read(fd, text, 19));
    tell("read", read(fd, text, 19));
    tell("seek", lseek(fd, 0, SEEK_SET));
}

static void connect_to_socket(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    tell("connect", connect(fd, (struct sockaddr *)&address, sizeof address));
    tell("send", write(fd, "hello", 5));
}

static void unix_socket(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    tell("bind", bind(fd, (struct sockaddr *)&address, sizeof address));
    tell("listen", listen(fd, 1));
    tell_mode("socket");
    tell("open", open("socket", O_RDWR));
    apart(0, 0, connect_to_socket);
    char text[20] = {0};
    int peer = accept(fd, NULL, NULL);
    tell("receive", read(peer, text, 19));
    say("%s; ", text);
    tell("chmod", chmod("socket", 0600));
    tell_mode("socket");
    tell("again",
         bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address));
    tell("unlink", unlink("socket"));
    apart(0, 0, connect_to_socket);
}

static void null_device(void) {
    tell("mknod", mknod("null", S_IFCHR | 0666, makedev(1, 3)));
    tell_mode("null");
    int fd = open("null", O_RDWR);
    char byte;
    tell("write", write(fd, "x", 1));
    tell("read", read(fd, &byte, 1));
    struct stat status;
    stat("null", &status);
    say("%u:%u size %ld; ", major(status.st_rdev), minor(status.st_rdev), (long)status.st_size);
}

static void large_numbers(void) {
    struct stat status = {0};
    tell("mknod", mknod("block", S_IFBLK | 0600, makedev(259, 70000)));
    stat("block", &status);
    say("%u:%u; ", major(status.st_rdev), minor(status.st_rdev));
    tell("mknod", mknod("character", S_IFCHR | 0640, makedev(10, 229)));
    stat("character", &status);
    say("%u:%u; ", major(status.st_rdev), minor(status.st_rdev));
    tell_mode("character");
}

static void by_a_user(void) {
    tell("device", mknod("device", S_IFCHR | 0600, makedev(1, 3)));
    tell("fifo", mkfifo("fifo", 0600));
    tell("file", mknod("file", S_IFREG | 0644, 0));
    tell_mode("fifo");
    tell_mode("file");
}

static void made_by_a_user(void) { apart(1000, 1000, by_a_user); }

static void links(void) {
    char target[5000], read_back[5000] = {0};
    memset(target, 'a', sizeof target);
    target[4095] = 0;
    tell("long", symlink(target, "long"));
    tell("length", readlink("long", read_back, sizeof read_back));
    say("%s; ", strcmp(target, read_back) == 0 ? "same" : "other");
    target[4095] = 'a';
    target[4999] = 0;
    tell("too long", symlink(target, "longer"));
    tell("empty", symlink("", "empty"));
    tell("there", symlink("x", "long"));
    tell("to nowhere", symlink("nowhere/\xff\n", "nowhere"));
    tell_content("nowhere");
    tell_mode("nowhere");
}

static void links_own(void) {
    close(make("file", "content"));
    tell("symlink", symlink("file", "link"));
    tell("lchown", lchown("link", 5, 6));
    tell_mode("link");
    tell_mode("file");
    struct timespec times[2] = {{100, 5}, {200, 6}};
    tell("times", utimensat(AT_FDCWD, "link", times, AT_SYMLINK_NOFOLLOW));
    struct stat status;
    lstat("link", &status);
    say("%ld.%ld size %ld; ", (long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
        (long)status.st_size);
    tell("open", open("link", O_RDONLY | O_NOFOLLOW));
    tell("link", linkat(AT_FDCWD, "link", AT_FDCWD, "second", 0));
    lstat("second", &status);
    say("%o links %lu; ", status.st_mode, (unsigned long)status.st_nlink);
    tell_content("second");
}

static void replaced_link(void) {
    close(make("one", "1"));
    close(make("two", "2"));
    symlink("one", "link");
    tell_content("link");
    symlink("two", "new");
    rename("new", "link");
    tell_content("link");
    unlink(at_other("link"));
    tell("symlink", symlink("one", at_other("link")));
    tell_content("link");
}

static void circle(void) {
    symlink("b", "a");
    symlink("a", "b");
    tell("open", open("a", O_RDONLY));
    symlink(".", "here");
    tell("mkdir", mkdir("here/here/here/folder", 0755));
    tell_mode("folder");
}

static void special_is_linked(void) {
    mkfifo("fifo", 0600);
    tell("link", link("fifo", "second"));
    tell_mode("second");
    tell("rename", rename("fifo", "third"));
    tell_mode("third");
    tell("chown", chown("third", 7, 8));
    tell_mode("second");
    tell("truncate", truncate("third", 0));
}

const struct question about_special_files[] = {
    {"a fifo leads from one process to another", fifo},
    {"a fifo is opened both ways", both_ways},
    {"a unix socket is bound and connected to", unix_socket},
    {"a node of a device is the device", null_device},
    {"numbers of devices may be large", large_numbers},
    {"what a user may make", made_by_a_user},
    {"links to long and strange places", links},
    {"a link has owners, times and names of its own", links_own},
    {"a replaced link leads to its new place", replaced_link},
    {"links in a circle", circle},
    {"a fifo has several names", special_is_linked},
    {NULL, NULL},
};
