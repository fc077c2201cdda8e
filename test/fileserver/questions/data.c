/* What files hold. */

#include "questions.h"

#include <errno.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

static void tell_size(int fd) {
    struct stat status;
    fstat(fd, &status);
    say("size %ld blocks %s; ", (long)status.st_size, status.st_blocks > 0 ? "some" : "none");
}

/* Some blocks of letters. */
static int letters(const char *name, int blocks) {
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    char block[4096];
    for (int index = 0; index < blocks; index++) {
        memset(block, 'a' + index, sizeof block);
        if (write(fd, block, sizeof block) != sizeof block)
            tell("write", -1);
    }
    return fd;
}

static void tell_blocks(int fd) {
    char byte;
    for (off_t at = 100; pread(fd, &byte, 1, at) == 1; at += 4096)
        say("%c", byte == 0 ? '.' : byte);
    say("; ");
}

static void reserve(void) {
    int fd = make("file", "x");
    tell("reserve", fallocate(fd, 0, 0, 100000));
    tell_size(fd);
    tell("behind the end", fallocate(fd, FALLOC_FL_KEEP_SIZE, 200000, 100000));
    tell_size(fd);
    tell("posix", posix_fallocate(fd, 0, 150000));
    tell_size(fd);
    tell("nothing", fallocate(fd, 0, 0, 0));
    tell("unknown", fallocate(fd, 0x400, 0, 100));
    tell("negative", fallocate(fd, 0, -1, 100));
    tell("reader", fallocate(open("file", O_RDONLY), 0, 0, 100));
}

static void change_blocks(void) {
    int fd = letters("file", 6);
    tell("hole", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096));
    tell_blocks(fd);
    tell("zeros", fallocate(fd, FALLOC_FL_ZERO_RANGE, 8192, 4096));
    tell_blocks(fd);
    tell_size(fd);
    tell("hole without keeping", fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096));
}

static void move_blocks(void) {
    int fd = letters("file", 6);
    tell("take out", fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 4096, 4096));
    tell_blocks(fd);
    tell("put in", fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, 8192));
    tell_blocks(fd);
    tell_size(fd);
    tell("odd piece", fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 1, 4096));
}

static void holes(void) {
    int fd = open("file", O_RDWR | O_CREAT, 0644);
    tell("far", pwrite(fd, "x", 1, 1 << 20));
    tell("data", lseek(fd, 0, SEEK_DATA));
    tell("hole", lseek(fd, 1 << 20, SEEK_HOLE));
    tell("hole", lseek(fd, 0, SEEK_HOLE));
    tell("behind", lseek(fd, 2 << 20, SEEK_DATA));
    tell("end", lseek(fd, 0, SEEK_END));
    struct stat status;
    fstat(fd, &status);
    say("%s; ", status.st_blocks < 100 ? "sparse" : "full");
}

static void copies(void) {
    int from = letters("from", 5), to = letters("to", 1);
    off_t in = 4096, out = 8192;
    tell("copy", copy_file_range(from, &in, to, &out, 8192, 0));
    say("%ld %ld; ", (long)in, (long)out);
    tell_blocks(to);
    lseek(from, 16384, SEEK_SET);
    tell("to the end", copy_file_range(from, NULL, to, &(off_t){0}, 100000, 0));
    tell_blocks(to);
    in = 0, out = 100;
    tell("onto itself", copy_file_range(from, &in, from, &out, 4096, 0));
    tell("flags", copy_file_range(from, NULL, to, NULL, 1, 5));
    tell("reader", copy_file_range(from, &in, open("to", O_RDONLY), &out, 4096, 0));
}

static void appends(void) {
    int one = open("file", O_WRONLY | O_CREAT | O_APPEND, 0644);
    int two = open(at_other("file"), O_WRONLY | O_APPEND);
    for (int index = 0; index < 5; index++) {
        tell("one", write(one, "1", 1));
        tell("two", write(two, "22", 2));
    }
    tell("placed", pwrite(one, "3", 1, 0));
    tell_content("file");
}

static void appends_later(void) {
    int fd = make("file", "start");
    int appender = open("file", O_WRONLY);
    fcntl(appender, F_SETFL, O_APPEND);
    tell("append", write(appender, "+", 1));
    put(at_other("file"), "longer than it was");
    tell("append", write(appender, "+", 1));
    fcntl(appender, F_SETFL, 0);
    tell("at its place", pwrite(appender, "-", 1, 0));
    tell_fd(fd);
    struct iovec part = {"v", 1};
    tell("once", pwritev2(fd, &part, 1, 0, 0x10));
    tell_fd(fd);
}

static void mapped_and_appended(void) {
    int fd = make("file", "0123456789");
    char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    int appender = open("file", O_RDWR | O_APPEND);
    memcpy(at, "mapped", 6);
    tell("append", write(appender, "+", 1));
    tell("msync", msync(at, 4096, MS_SYNC));
    tell_content(at_host("file"));
}

static void direct(void) {
    void *block;
    if (posix_memalign(&block, 4096, 8192) != 0)
        return;
    memset(block, 'd', 8192);
    int fd = open("file", O_RDWR | O_CREAT | O_DIRECT, 0644);
    tell("open", fd < 0 ? -1 : 0);
    tell("write", pwrite(fd, block, 8192, 0));
    memset(block, 0, 8192);
    tell("read", pread(fd, block, 8192, 0));
    say("%c; ", *(char *)block);
    tell_size(fd);
}

static void sizes(void) {
    int fd = make("file", "content");
    tell("grow", truncate("file", 20));
    tell_fd(fd);
    tell("cut", truncate("file", 2));
    tell_fd(fd);
    tell("negative", ftruncate(fd, -1));
    tell("reader", ftruncate(open("file", O_RDONLY), 0));
    tell("far", ftruncate(fd, 5L << 30));
    tell("write", pwrite(fd, "x", 1, (5L << 30) + 7));
    tell_size(fd);
    tell("folder", truncate(".", 0));
    close(open("file", O_RDONLY | O_TRUNC));
    tell_fd(fd);
}

static void syncs(void) {
    int fd = make("file", "x"), folder = open(".", O_RDONLY);
    tell("fsync", fsync(fd));
    tell("fdatasync", fdatasync(fd));
    tell("syncfs", syncfs(fd));
    tell("folder", fsync(folder));
    tell("range", sync_file_range(fd, 0, 0, 2));
    int synchronous = open("file", O_WRONLY | O_SYNC);
    tell("write", write(synchronous, "synchronous", 11));
    tell_content(at_host("file"));
}

static void mapping_there(void) {
    int here = make("file", "0123456789"), there = open(at_other("file"), O_RDWR);
    char *mine = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, here, 0);
    memcpy(mine, "mapped", 6);
    tell("msync", msync(mine, 4096, MS_SYNC));
    tell_fd(there);
    char *private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, here, 0);
    memcpy(private, "private", 7);
    tell_fd(here);
}

static void seen_at_once(void) {
    int here = make("file", "first");
    tell_content(at_other("file"));
    tell("write", pwrite(here, "second", 6, 0));
    tell_content(at_other("file"));
    put(at_host("file"), "by the host, and longer");
    tell_fd(here);
    struct stat status;
    stat("file", &status);
    say("%ld; ", (long)status.st_size);
    truncate(at_other("file"), 3);
    tell_fd(here);
    tell("rename", rename(at_host("file"), at_host("moved")));
    tell_content("file");
    tell_content("moved");
    put(at_host("new"), "new");
    tell_content("new");
    chmod(at_host("new"), 0600);
    tell_mode("new");
}

static uint32_t sum_of(const unsigned char *at, size_t size) {
    uint32_t sum = 1;
    for (size_t index = 0; index < size; index++)
        sum = sum * 31 + at[index];
    return sum;
}

static void large(void) {
    size_t size = 5 * 1048576 + 123;
    unsigned char *data = malloc(size), *back = calloc(1, size);
    for (size_t index = 0; index < size; index++)
        data[index] = (unsigned char)(index * 7 + index / 1000);
    int fd = open("file", O_RDWR | O_CREAT, 0644);
    struct iovec parts[3] = {
        {data, 1000}, {data + 1000, 3000000}, {data + 3001000, size - 3001000}};
    tell("write", pwritev(fd, parts, 3, 0));
    tell("read", pread(fd, back, size, 0));
    say("%s; ", sum_of(data, size) == sum_of(back, size) ? "same" : "other");
    int there = open(at_other("file"), O_RDONLY);
    memset(back, 0, size);
    tell("read", pread(there, back, size, 0));
    say("%s; ", sum_of(data, size) == sum_of(back, size) ? "same" : "other");
    tell("at an odd place", pread(there, back, 70000, 4095));
    say("%s; ", sum_of(data + 4095, 70000) == sum_of(back, 70000) ? "same" : "other");
    tell("over the end", pread(there, back, 70000, (off_t)size - 10));
    tell("behind the end", pread(there, back, 70000, (off_t)size + 10));
}

static void limited(void) {
    struct rlimit limit = {1000, 1000};
    signal(SIGXFSZ, SIG_IGN);
    int fd = make("file", "x");
    setrlimit(RLIMIT_FSIZE, &limit);
    char block[2000] = {0};
    tell("write", pwrite(fd, block, 2000, 0));
    tell("more", pwrite(fd, block, 10, 1000));
    tell("grow", ftruncate(fd, 2000));
}

static void flags_of_files(void) {
    int fd = make("file", "content"), flags = 0;
    tell("get", ioctl(fd, FS_IOC_GETFLAGS, &flags));
    say("%s; ", (flags & FS_NODUMP_FL) != 0 ? "no dump" : "dump");
    flags |= FS_NODUMP_FL;
    tell("set", ioctl(fd, FS_IOC_SETFLAGS, &flags));
    flags = 0;
    tell("get", ioctl(fd, FS_IOC_GETFLAGS, &flags));
    say("%s; ", (flags & FS_NODUMP_FL) != 0 ? "no dump" : "dump");
    int folder = open(".", O_RDONLY);
    tell("folder", ioctl(folder, FS_IOC_GETFLAGS, &flags));
    tell("terminal", ioctl(fd, 0x5401 /* TCGETS */, &flags));
}

static void wrong_handles(void) {
    int writer = open("file", O_WRONLY | O_CREAT, 0644), reader = open("file", O_RDONLY);
    char byte;
    tell("read", read(writer, &byte, 1));
    tell("write", write(reader, "x", 1));
    tell("folder", open(".", O_WRONLY));
    tell("read folder", read(open(".", O_RDONLY), &byte, 1));
    tell("exclusive", open("file", O_CREAT | O_EXCL | O_RDWR, 0644));
    tell("as a folder", open("file/x", O_RDONLY));
    tell("with a slash", open("file/", O_RDONLY));
    tell("not there", open("nothing", O_RDWR));
}

const struct question about_data[] = {
    {"space is reserved", reserve},
    {"blocks are punched and zeroed", change_blocks},
    {"blocks are taken out and put in", move_blocks},
    {"holes are found", holes},
    {"ranges are copied", copies},
    {"two machines append", appends},
    {"appending begins later and ends", appends_later},
    {"pages go to their places, whatever is appended", mapped_and_appended},
    {"a file is read and written directly", direct},
    {"files are cut and grown", sizes},
    {"data is synced", syncs},
    {"mappings are shared and private", mapping_there},
    {"changes of host and machines are seen at once", seen_at_once},
    {"large reads and writes", large},
    {"a process' limit of a file's size", limited},
    {"flags of files", flags_of_files},
    {"wrong ways of opening", wrong_handles},
    {NULL, NULL},
};
