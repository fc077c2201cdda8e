/* Many changes at random, in every way there is, compared with what memory says the file holds. */

#include "questions.h"

#include <errno.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LENGTH_MAX 300000
#define CHANGES 6000

static unsigned char model[LENGTH_MAX], buffer[LENGTH_MAX];
static size_t length;
static unsigned long state = 1;

static size_t below(size_t bound) {
    state = state * 6364136223846793005ul + 1442695040888963407ul;
    return (state >> 33) % bound;
}

static bool is_right(const char *what, bool right) {
    if (!right)
        say("wrong after %s: %s; ", what, strerror(errno));
    return right;
}

static bool write_some(int fd) {
    size_t at = below(LENGTH_MAX - 70000), size = 1 + below(70000);
    for (size_t index = 0; index < size; index++)
        buffer[index] = (unsigned char)below(256);
    memcpy(model + at, buffer, size);
    length = at + size > length ? at + size : length;
    return is_right("write", pwrite(fd, buffer, size, (off_t)at) == (ssize_t)size);
}

static bool read_some(int fd) {
    size_t at = below(LENGTH_MAX), size = 1 + below(70000);
    size_t there = at >= length ? 0 : length - at < size ? length - at : size;
    ssize_t count = pread(fd, buffer, size, (off_t)at);
    return is_right("read", count == (ssize_t)there && memcmp(buffer, model + at, there) == 0);
}

static bool resize(int fd) {
    size_t size = below(LENGTH_MAX);
    if (size < length)
        memset(model + size, 0, length - size);
    length = size;
    return is_right("ftruncate", ftruncate(fd, (off_t)size) == 0);
}

static bool punch(int fd) {
    size_t at = below(LENGTH_MAX - 70000), size = 1 + below(70000);
    memset(model + at, 0, size);
    return is_right("punching", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
                                          (off_t)size) == 0);
}

static bool reserve(int fd) {
    size_t at = below(LENGTH_MAX - 70000), size = 1 + below(70000);
    length = at + size > length ? at + size : length;
    return is_right("reserving", fallocate(fd, 0, (off_t)at, (off_t)size) == 0);
}

static bool write_mapped(int fd) {
    if (length < 2)
        return true;
    size_t at = below(length - 1), size = 1 + below(length - at);
    unsigned char *map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return is_right("mmap", false);
    for (size_t index = 0; index < size; index++)
        map[at + index] = model[at + index] = (unsigned char)below(256);
    bool is_same = memcmp(map, model, length) == 0;
    munmap(map, length);
    return is_right("writing to a mapping", is_same);
}

static bool copy_some(int fd) {
    size_t size = 1 + below(20000);
    off_t from = (off_t)below(100000), to = (off_t)(120000 + below(100000));
    if (length <= (size_t)from + size)
        return true;
    memcpy(model + to, model + from, size);
    length = (size_t)to + size > length ? (size_t)to + size : length;
    for (size_t left = size; left > 0;) {
        ssize_t count = copy_file_range(fd, &from, fd, &to, left, 0);
        if (count <= 0)
            return is_right("copying", false);
        left -= (size_t)count;
    }
    return true;
}

static bool open_again(int *fd) {
    int again = open("file", O_RDWR);
    close(*fd);
    *fd = again;
    return is_right("open", again >= 0);
}

static void changes_of(int fd) {
    bool (*const kinds[])(int fd) = {write_some, read_some,    resize,   punch,
                                     reserve,    write_mapped, copy_some};
    for (int index = 0; index < CHANGES; index++) {
        size_t kind = below(sizeof kinds / sizeof *kinds + 1);
        bool is_good = kind < sizeof kinds / sizeof *kinds ? kinds[kind](fd) : open_again(&fd);
        if (!is_good) {
            say("change %d; ", index);
            return;
        }
    }
    fsync(fd);
    int there = open(at_host("file"), O_RDONLY);
    ssize_t count = pread(there, buffer, LENGTH_MAX, 0);
    is_right("all", count == (ssize_t)length && memcmp(buffer, model, length) == 0);
    say("%zu bytes; ", length);
}

static void changes(void) { changes_of(open("file", O_CREAT | O_RDWR, 0644)); }

static void changes_of_unlinked(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0644);
    link(at_host("file"), at_host("kept"));
    unlink("file");
    rename(at_host("kept"), at_host("file"));
    changes_of(fd);
}

/* The same size, and times that are near: what one writes the other reads. */
static void in_turns(void) {
    int here = make("file", "00000000"), there = open(at_other("file"), O_RDWR);
    int stale = 0;
    for (int round = 0; round < 300; round++) {
        char written[9], read_back[9] = {0};
        snprintf(written, sizeof written, "%08d", round);
        pwrite(round % 2 == 0 ? here : there, written, 8, 0);
        pread(round % 2 == 0 ? there : here, read_back, 8, 0);
        stale += strcmp(written, read_back) != 0;
    }
    say("%d stale; ", stale);
}

const struct question about_random_changes[] = {
    {"thousands of changes at random", changes},
    {"thousands of changes to a file of another name", changes_of_unlinked},
    {"two write and read in turns", in_turns},
    {NULL, NULL},
};
