/* Locks that are taken at once or not: between processes, machines and the host. */

#include "questions.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>

static int try(int fd, int kind) { return flock(fd, kind | LOCK_NB); }

static struct flock range(short type, off_t start, off_t length) {
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static int posix(int fd, short type, off_t start, off_t length) {
    struct flock wanted = range(type, start, length);
    return fcntl(fd, F_SETLK, &wanted);
}

static int ofd(int fd, short type, off_t start, off_t length) {
    struct flock wanted = range(type, start, length);
    return fcntl(fd, F_OFD_SETLK, &wanted);
}

static void flock_excludes(void) {
    int here = make("file", ""), there = open(at_other("file"), O_RDWR);
    tell("here", try(here, LOCK_EX));
    tell("there", try(there, LOCK_EX));
    tell("there, shared", try(there, LOCK_SH));
    tell("let go", flock(here, LOCK_UN));
    tell("there", try(there, LOCK_EX));
    tell("here, shared", try(here, LOCK_SH));
}

static void flock_shares(void) {
    int here = make("file", ""), there = open(at_other("file"), O_RDONLY);
    tell("here", try(here, LOCK_SH));
    tell("there", try(there, LOCK_SH));
    tell("here, alone", try(here, LOCK_EX));
    tell("there, let go", flock(there, LOCK_UN));
    tell("here, alone", try(here, LOCK_EX));
    tell("here, shared again", try(here, LOCK_SH));
    tell("there", try(there, LOCK_SH));
}

static void flock_ends(void) {
    int here = make("file", ""), there = open(at_other("file"), O_RDWR);
    int copy = dup(here);
    tell("here", try(here, LOCK_EX));
    close(here);
    tell("there", try(there, LOCK_EX));
    close(copy);
    tell("there", try(there, LOCK_EX));
}

static void end_often(int there) {
    int failed = 0;
    for (int round = 0; round < 200; round++) {
        int here = open("file", O_RDWR);
        failed += try(here, LOCK_EX) < 0;
        close(here);
        failed += try(there, LOCK_EX) < 0;
        flock(there, LOCK_UN);
    }
    say("failed %d; ", failed);
}

static void flock_ends_at_once(void) {
    close(make("file", ""));
    end_often(open("file", O_RDWR));
    end_often(open(at_other("file"), O_RDWR));
}

static void hold_and_end(void) {
    int fd = open("file", O_RDWR);
    tell("flock", try(fd, LOCK_EX));
    tell("posix", posix(fd, F_WRLCK, 0, 0));
}

static void ends_with_process(void) {
    int there = -1;
    close(make("file", ""));
    there = open(at_other("file"), O_RDWR);
    apart(0, 0, hold_and_end);
    tell("flock", try(there, LOCK_EX));
    tell("posix", posix(there, F_WRLCK, 0, 0));
}

static void flock_and_host(void) {
    int here = make("file", ""), there = open(at_host("file"), O_RDWR);
    tell("here", try(here, LOCK_EX));
    tell("host", try(there, LOCK_EX));
    flock(here, LOCK_UN);
    tell("host", try(there, LOCK_EX));
    tell("here", try(here, LOCK_SH));
}

static void flock_of_processes(void) {
    int fd = open("file", O_RDONLY);
    tell("another process", try(fd, LOCK_EX));
    tell("by its own posix lock", posix(fd, F_RDLCK, 0, 1));
}

static void flock_here(void) {
    int here = make("file", "");
    tell("here", try(here, LOCK_EX));
    tell("once more", try(here, LOCK_EX));
    apart(0, 0, flock_of_processes);
}

static void posix_there(void) {
    int there = open(at_other("file"), O_RDWR);
    tell("there", posix(there, F_WRLCK, 0, 0));
    tell("there, reading", posix(there, F_RDLCK, 5, 1));
    tell("there, beside", posix(there, F_WRLCK, 100, 10));
    tell("there, at the edge", posix(there, F_WRLCK, 10, 1));
    tell("there, touching", posix(there, F_WRLCK, 9, 1));
}

static void posix_excludes(void) {
    int here = make("file", "");
    tell("here", posix(here, F_WRLCK, 0, 10));
    apart(0, 0, posix_there);
    tell("here, all", posix(here, F_WRLCK, 0, 0));
    tell("middle free", posix(here, F_UNLCK, 100, 10));
    apart(0, 0, posix_there);
}

static void posix_on_host(void) {
    int fd = open(at_host("file"), O_RDWR);
    tell("host", posix(fd, F_WRLCK, 0, 1));
    tell("host, reading", posix(fd, F_RDLCK, 0, 1));
}

static void posix_and_host(void) {
    int here = make("file", "");
    tell("here", posix(here, F_RDLCK, 0, 0));
    apart(0, 0, posix_on_host);
    tell("here", posix(here, F_WRLCK, 0, 0));
    apart(0, 0, posix_on_host);
}

static pid_t parent;

static void get(void) {
    int fd = open("file", O_RDWR);
    struct flock found = range(F_WRLCK, 0, 0);
    tell("get", fcntl(fd, F_GETLK, &found));
    say("type %d from %ld length %ld by %s; ", found.l_type, (long)found.l_start, (long)found.l_len,
        found.l_pid == parent ? "the parent" : "somebody");
    found = range(F_RDLCK, 0, 5);
    tell("get", fcntl(fd, F_GETLK, &found));
    say("type %d; ", found.l_type);
    tell("own", posix(fd, F_WRLCK, 0, 5));
    found = range(F_WRLCK, 0, 5);
    tell("get", fcntl(fd, F_GETLK, &found));
    say("type %d; ", found.l_type);
}

static void posix_is_told(void) {
    int here = make("file", "");
    parent = getpid();
    tell("here", posix(here, F_WRLCK, 10, 20));
    tell("here", posix(here, F_RDLCK, 40, 0));
    apart(0, 0, get);
}

static void posix_ends_by_any_close(void) {
    int here = make("file", "");
    tell("here", posix(here, F_WRLCK, 0, 0));
    close(open("file", O_RDONLY));
    apart(0, 0, posix_there);
}

static void posix_rights(void) {
    close(make("file", ""));
    int reader = open("file", O_RDONLY), writer = open("file", O_WRONLY);
    tell("write lock of a reader", posix(reader, F_WRLCK, 0, 0));
    tell("read lock of a writer", posix(writer, F_RDLCK, 0, 0));
    tell("read lock", posix(reader, F_RDLCK, 0, 0));
    tell("write lock", posix(writer, F_WRLCK, 0, 0));
    tell("before the start", posix(reader, F_RDLCK, -1, 1));
}

static void ofd_excludes(void) {
    int here = make("file", ""), second = open("file", O_RDWR);
    int there = open(at_other("file"), O_RDWR);
    tell("here", ofd(here, F_WRLCK, 0, 10));
    tell("second", ofd(second, F_WRLCK, 5, 1));
    tell("there", ofd(there, F_WRLCK, 5, 1));
    tell("own posix", posix(here, F_WRLCK, 0, 1));
    close(open("file", O_RDWR));
    tell("there", ofd(there, F_WRLCK, 5, 1));
    close(here);
    tell("second", ofd(second, F_WRLCK, 5, 1));
    tell("there", ofd(there, F_RDLCK, 5, 1));
    close(second);
    tell("there", ofd(there, F_RDLCK, 5, 1));
}

static void kinds_are_apart(void) {
    int here = make("file", ""), there = open(at_other("file"), O_RDWR);
    tell("flock here", try(here, LOCK_EX));
    tell("posix there", posix(there, F_WRLCK, 0, 0));
}

static void of_the_unlinked(void) {
    int here = make("file", ""), there = open(at_other("file"), O_RDWR);
    unlink("file");
    tell("here", try(here, LOCK_EX));
    tell("there", try(there, LOCK_EX));
    tell("posix", posix(here, F_WRLCK, 0, 0));
}

static void of_folders(void) {
    mkdir("folder", 0755);
    int one = open("folder", O_RDONLY), two = open("folder", O_RDONLY);
    tell("one", try(one, LOCK_EX));
    tell("two", try(two, LOCK_EX));
}

static void inherit_flock(void) { flock(3, LOCK_UN); }

static void of_forked(void) {
    int here = make("file", ""), there = open(at_other("file"), O_RDWR);
    dup2(here, 3);
    close(here == 3 ? -1 : here);
    tell("here", try(3, LOCK_EX));
    apart(0, 0, inherit_flock);
    tell("there", try(there, LOCK_EX));
}

const struct question about_locks[] = {
    {"flock excludes another machine", flock_excludes},
    {"flock is shared, and changed to one alone", flock_shares},
    {"flock ends with the last descriptor", flock_ends},
    {"flock has ended when close has", flock_ends_at_once},
    {"locks end with their process", ends_with_process},
    {"flock excludes the host's programs", flock_and_host},
    {"flock excludes another process", flock_here},
    {"posix locks exclude by ranges", posix_excludes},
    {"posix locks exclude the host's programs", posix_and_host},
    {"posix locks are told with range and process", posix_is_told},
    {"posix locks end by the close of any descriptor", posix_ends_by_any_close},
    {"posix locks need a file opened for them", posix_rights},
    {"locks of descriptors exclude, and end with theirs", ofd_excludes},
    {"flock and posix locks are apart", kinds_are_apart},
    {"an unlinked file is locked", of_the_unlinked},
    {"folders are locked", of_folders},
    {"a forked process lets go of an inherited lock", of_forked},
    {NULL, NULL},
};
