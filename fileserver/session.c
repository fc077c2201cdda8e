#include "session.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "kept.h"
#include "operations.h"
#include "request.h"

#define WORKERS_MAX 32u  /* that work at once */
#define WAITERS_MAX 256u /* that wait for a lock */
#define IDLE_S 5
#define STACK_SIZE 131072u

struct worker {
    uint8_t *message; /* MESSAGE_MAX bytes, and then ANSWER_MAX */
    uint8_t *answer;
};

static int machine;
static pthread_mutex_t sending = PTHREAD_MUTEX_INITIALIZER;

/* Who reads, and how many could. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t reader_wanted;
static bool somebody_reads;
static unsigned workers, idle, waiting;

/* What came with the last read, of which the next messages are. The reader's. */
static uint8_t stash[65536];
static size_t stash_start, stash_end;

static _Noreturn void break_off(const char *why) {
    fprintf(stderr, "dvm-fileserver: %s\n", why);
    _exit(1);
}

/* Untouched memory costs nothing: what big messages have touched goes back when nothing is to do.
 */
static void release_memory(struct worker *worker) {
    madvise(worker->message, MESSAGE_MAX + ANSWER_MAX, MADV_DONTNEED);
}

/* Some bytes from the guest. */
static size_t receive(struct worker *worker, uint8_t *at, size_t room, bool may_rest) {
    for (;;) {
        ssize_t count = recv(machine, at, room, 0);
        if (count > 0)
            return (size_t)count;
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN) {
            if (may_rest)
                release_memory(worker);
            continue;
        }
        _exit(0);
    }
}

/* Takes what the stash has of `size` bytes. */
static size_t take_stashed(uint8_t *at, size_t size) {
    size_t count = stash_end - stash_start < size ? stash_end - stash_start : size;
    memcpy(at, stash + stash_start, count);
    stash_start += count;
    return count;
}

static void fill(struct worker *worker, uint8_t *at, size_t size, bool may_rest) {
    size_t filled = take_stashed(at, size);
    while (filled < size) {
        if (size - filled >= sizeof stash / 2) {
            filled += receive(worker, at + filled, size - filled, false);
        } else {
            stash_start = 0;
            stash_end = receive(worker, stash, sizeof stash, may_rest && filled == 0);
            filled += take_stashed(at + filled, size - filled);
        }
    }
}

static void read_message(struct worker *worker, struct request *request) {
    fill(worker, worker->message, sizeof request->head, true);
    memcpy(&request->head, worker->message, sizeof request->head);
    if (request->head.len < sizeof request->head || request->head.len > MESSAGE_MAX)
        break_off("a message of the guest has a length that none can have");
    request->size = request->head.len - sizeof request->head;
    request->body = worker->message + sizeof request->head;
    fill(worker, worker->message + sizeof request->head, request->size, false);
    request->answer = worker->answer;
}

static void send_whole(struct iovec *parts, size_t count) {
    while (count > 0) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
        ssize_t sent = sendmsg(machine, &message, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (sent < 0)
            _exit(0);
        while (count > 0 && (size_t)sent >= parts->iov_len) {
            sent -= (ssize_t)parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (uint8_t *)parts->iov_base + sent;
            parts->iov_len -= (size_t)sent;
        }
    }
}

/*
 * Tells the guest to forget what it keeps of a file's attributes, and of its content from an offset
 * on if that isn't negative. The answer that follows waits for it.
 */
static void send_forget(uint64_t node, int64_t from) {
    struct fuse_notify_inval_inode_out all = {.ino = node, .off = from, .len = 0};
    struct fuse_out_header head = {.len = sizeof head + sizeof all,
                                   .error = FUSE_NOTIFY_INVAL_INODE};
    struct iovec parts[] = {{&head, sizeof head}, {&all, sizeof all}};
    send_whole(parts, 2);
}

static void answer(struct request *request, int result) {
    if (result == NO_ANSWER)
        return;
    size_t size = result < 0 ? 0 : request->answered;
    struct fuse_out_header head = {.len = (uint32_t)(sizeof head + size),
                                   .error = result < 0 ? result : 0,
                                   .unique = request->head.unique};
    struct iovec parts[] = {{&head, sizeof head}, {request->answer, size}};
    pthread_mutex_lock(&sending);
    if (result == 0 && request->news != kept_news())
        kept_strip(request);
    if (request->must_forget || request->comes_after)
        send_forget(request->head.nodeid, request->must_forget ? 0 : -1);
    send_whole(parts, size > 0 ? 2 : 1);
    pthread_mutex_unlock(&sending);
}

void session_tell(void *message, size_t size) {
    struct iovec part = {message, size};
    pthread_mutex_lock(&sending);
    send_whole(&part, 1);
    pthread_mutex_unlock(&sending);
}

static void *work(void *nothing);

static bool add_worker(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    bool is_started = pthread_create(&thread, &attributes, work, NULL) == 0;
    pthread_attr_destroy(&attributes);
    if (is_started)
        workers++;
    return is_started;
}

/* Waits until this worker is to read; false: there are enough without it. */
static bool become_reader(struct worker *worker) {
    pthread_mutex_lock(&lock);
    idle++;
    while (somebody_reads) {
        struct timespec end;
        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_sec += IDLE_S;
        if (pthread_cond_timedwait(&reader_wanted, &lock, &end) != ETIMEDOUT || !somebody_reads)
            continue;
        release_memory(worker);
        if (idle > 1) {
            idle--;
            workers--;
            pthread_mutex_unlock(&lock);
            return false;
        }
    }
    idle--;
    somebody_reads = true;
    pthread_mutex_unlock(&lock);
    return true;
}

static void let_others_read(void) {
    pthread_mutex_lock(&lock);
    somebody_reads = false;
    if (idle > 0)
        pthread_cond_signal(&reader_wanted);
    else if (workers - waiting < WORKERS_MAX)
        add_worker();
    pthread_mutex_unlock(&lock);
}

int session_begin_wait(void) {
    pthread_mutex_lock(&lock);
    int result = waiting < WAITERS_MAX ? 0 : -ENOLCK;
    if (result == 0)
        waiting++;
    if (result == 0 && !somebody_reads && idle == 0 && !add_worker()) {
        waiting--;
        result = -ENOLCK;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

void session_end_wait(void) {
    pthread_mutex_lock(&lock);
    waiting--;
    pthread_mutex_unlock(&lock);
}

static void *work(void *nothing) {
    (void)nothing;
    struct worker worker;
    worker.message = mmap(NULL, MESSAGE_MAX + ANSWER_MAX, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (worker.message == MAP_FAILED)
        break_off("there is no memory for messages");
    worker.answer = worker.message + MESSAGE_MAX;
    /* an umask of its own: a request brings the one to make a file with */
    if (unshare(CLONE_FS) < 0)
        break_off("this system lets a thread have no umask of its own");
    umask(0);
    while (become_reader(&worker)) {
        struct request request = {0};
        read_message(&worker, &request);
        int result = operation_arrived(&request);
        let_others_read();
        if (result == 0)
            result = operation_run(&request);
        answer(&request, result);
        operation_done(&request);
    }
    munmap(worker.message, MESSAGE_MAX + ANSWER_MAX);
    return nothing;
}

void session_run(int fd) {
    machine = fd;
    struct timeval rest = {.tv_sec = IDLE_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &rest, sizeof rest);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&reader_wanted, &attributes);
    pthread_mutex_lock(&lock);
    if (!add_worker())
        break_off("cannot start a thread");
    pthread_mutex_unlock(&lock);
    for (;;)
        pause();
}
