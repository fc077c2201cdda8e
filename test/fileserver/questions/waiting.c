/* Waiting for locks. */

#include "questions.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int wait_posix(int fd, int command, short type, off_t start, off_t length) {
    struct flock wanted = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(fd, command, &wanted);
}

static void tell_wait(const char *what, long result, long since) {
    tell(what, result);
    say("%s; ", now_ms() - since < 150 ? "at once" : "waited");
}

static void wait_for_flock(void) {
    int fd = open(at_other("file"), O_RDWR);
    long since = now_ms();
    tell_wait("there", flock(fd, LOCK_EX), since);
}

static void flock_waits(void) {
    int here = make("file", "");
    tell("here", flock(here, LOCK_EX));
    pid_t child = beside(wait_for_flock);
    rest_ms(400);
    int result = flock(here, LOCK_UN);
    waitpid(child, NULL, 0);
    tell("let go", result);
    tell("again", flock(here, LOCK_EX | LOCK_NB));
}

static void wait_for_posix(void) {
    int fd = open(at_other("file"), O_RDWR);
    long since = now_ms();
    tell_wait("there", wait_posix(fd, F_SETLKW, F_WRLCK, 0, 10), since);
}

static void posix_waits(void) {
    int here = make("file", "");
    tell("here", wait_posix(here, F_SETLKW, F_WRLCK, 5, 1));
    pid_t child = beside(wait_for_posix);
    rest_ms(400);
    int result = wait_posix(here, F_SETLK, F_UNLCK, 5, 1);
    waitpid(child, NULL, 0);
    tell("let go", result);
}

static int inherited;

static void wait_for_ofd(void) {
    close(inherited);
    int fd = open("file", O_RDWR);
    long since = now_ms();
    tell_wait("another", wait_posix(fd, F_OFD_SETLKW, F_RDLCK, 0, 0), since);
}

static void ofd_waits(void) {
    int here = make("file", "");
    inherited = here;
    tell("here", wait_posix(here, F_OFD_SETLKW, F_WRLCK, 0, 0));
    pid_t child = beside(wait_for_ofd);
    rest_ms(400);
    close(here);
    waitpid(child, NULL, 0);
}

static void on_alarm(int number) { (void)number; }

static void set_alarm(int flags) {
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
    sigaction(SIGALRM, &action, NULL);
    struct timespec pause = {.tv_nsec = 200000000};
    pid_t me = getpid();
    if (fork() == 0) {
        nanosleep(&pause, NULL);
        kill(me, SIGALRM);
        _exit(0);
    }
}

static void interrupted_flock(void) {
    int fd = open(at_other("file"), O_RDWR);
    set_alarm(0);
    tell("there", flock(fd, LOCK_EX));
    set_alarm(0);
    tell("there, shared", flock(fd, LOCK_SH));
    tell("free range", wait_posix(fd, F_SETLKW, F_WRLCK, 100, 1));
    set_alarm(0);
    tell("posix", wait_posix(fd, F_SETLKW, F_WRLCK, 0, 0));
}

static void is_interrupted(void) {
    int here = make("file", "");
    tell("here", flock(here, LOCK_EX));
    tell("here", wait_posix(here, F_SETLK, F_WRLCK, 0, 1));
    pid_t child = beside(interrupted_flock);
    waitpid(child, NULL, 0);
    int there = open(at_other("file"), O_RDWR);
    flock(here, LOCK_UN);
    tell("free again", flock(there, LOCK_EX | LOCK_NB));
}

static void restarted_flock(void) {
    int fd = open(at_other("file"), O_RDWR);
    set_alarm(SA_RESTART);
    long since = now_ms();
    tell_wait("there", flock(fd, LOCK_EX), since);
}

static void goes_on(void) {
    int here = make("file", "");
    tell("here", flock(here, LOCK_EX));
    pid_t child = beside(restarted_flock);
    rest_ms(500);
    flock(here, LOCK_UN);
    waitpid(child, NULL, 0);
}

static void is_killed(void) {
    int here = make("file", ""), status;
    tell("here", flock(here, LOCK_EX));
    pid_t child = beside(wait_for_flock);
    rest_ms(300);
    kill(child, SIGKILL);
    long since = now_ms();
    waitpid(child, &status, 0);
    tell_wait("killed", WTERMSIG(status), since);
    flock(here, LOCK_UN);
    int there = open(at_other("file"), O_RDWR);
    tell("free", flock(there, LOCK_EX | LOCK_NB));
}

static void second_of_two(void) {
    int fd = open("file", O_RDWR);
    tell("second", wait_posix(fd, F_SETLK, F_WRLCK, 1, 1));
    rest_ms(300);
    tell("waits", wait_posix(fd, F_SETLKW, F_WRLCK, 0, 1));
}

static void deadlock(void) {
    int fd = make("file", "");
    tell("first", wait_posix(fd, F_SETLK, F_WRLCK, 0, 1));
    pid_t child = beside(second_of_two);
    rest_ms(600);
    tell("would wait", wait_posix(fd, F_SETLKW, F_WRLCK, 1, 1));
    wait_posix(fd, F_SETLK, F_UNLCK, 0, 1);
    waitpid(child, NULL, 0);
}

static void wait_on_host(void) {
    int fd = open(at_host("file"), O_RDWR);
    flock(fd, LOCK_EX);
    rest_ms(400);
}

static void for_the_host(void) {
    int here = make("file", "");
    pid_t child = beside(wait_on_host);
    rest_ms(150);
    long since = now_ms();
    tell_wait("here", flock(here, LOCK_EX), since);
    waitpid(child, NULL, 0);
}

static void wait_shortly(void) {
    int fd = open("file", O_RDWR);
    flock(fd, LOCK_EX);
    char count = 0;
    pread(fd, &count, 1, 0);
    count++;
    pwrite(fd, &count, 1, 0);
}

static void many(void) {
    int here = make("file", "");
    char count = 0;
    pid_t children[60];
    flock(here, LOCK_EX);
    for (int index = 0; index < 60; index++)
        children[index] = beside(wait_shortly);
    rest_ms(500);
    tell("others go on", open("another", O_CREAT | O_RDWR, 0600) < 0 ? -1 : 0);
    flock(here, LOCK_UN);
    for (int index = 0; index < 60; index++)
        waitpid(children[index], NULL, 0);
    pread(here, &count, 1, 0);
    say("count %d; ", count);
}

const struct question about_waiting[] = {
    {"flock waits for another machine", flock_waits},
    {"posix locks wait for another machine", posix_waits},
    {"locks of descriptors wait", ofd_waits},
    {"waiting for a lock is interrupted", is_interrupted},
    {"waiting for a lock goes on after a signal", goes_on},
    {"who waits for a lock is killed", is_killed},
    {"two wait for each other", deadlock},
    {"flock waits for the host's program", for_the_host},
    {"sixty wait for a lock, and count", many},
    {NULL, NULL},
};
