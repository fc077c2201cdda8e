/*
 * Stands in for a machine: mounts FUSE on this host and moves its messages between the kernel and
 * whoever connects to a socket, as the guest's agent and QEMU do together.
 *
 *   relay SOCKET MOUNT_POINT
 *
 * Prints "mounted" and runs until the file system is unmounted or the server goes.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX (1048576 + 65536)

static int device, server;

static void fail(const char *what) {
    perror(what);
    _exit(1);
}

static void write_whole(int fd, const uint8_t *at, size_t size) {
    while (size > 0) {
        ssize_t count = write(fd, at, size);
        if (count <= 0)
            _exit(0);
        at += count;
        size -= (size_t)count;
    }
}

static void read_whole(int fd, uint8_t *at, size_t size) {
    while (size > 0) {
        ssize_t count = read(fd, at, size);
        if (count <= 0)
            _exit(0);
        at += count;
        size -= (size_t)count;
    }
}

static void *requests(void *nothing) {
    uint8_t *message = malloc(MESSAGE_MAX);
    for (;;) {
        ssize_t size = read(device, message, MESSAGE_MAX);
        if (size > 0)
            write_whole(server, message, (size_t)size);
        else if (errno == ENODEV)
            _exit(0); /* unmounted */
        else if (errno != EINTR && errno != ENOENT && errno != EAGAIN)
            fail("read");
    }
    return nothing;
}

/* Reads a message whole. Gives its size. */
static size_t take(int fd, uint8_t *message) {
    uint32_t size;
    read_whole(fd, message, sizeof(struct fuse_out_header));
    memcpy(&size, message, sizeof size);
    if (size < sizeof(struct fuse_out_header) || size > MESSAGE_MAX) {
        fprintf(stderr, "an answer has a length of %u\n", size);
        _exit(1);
    }
    read_whole(fd, message + sizeof(struct fuse_out_header), size - sizeof(struct fuse_out_header));
    return size;
}

/* Gives the kernel a message. An answer that nobody waits for any more is ENOENT. */
static void give(const uint8_t *message, size_t size) {
    if (write(device, message, size) < 0 && errno != ENOENT) {
        fprintf(stderr, "an answer of %zu bytes is refused: %s\n", size, strerror(errno));
        _exit(1);
    }
}

static int passed_on[2];

static void *notifications(void *nothing) {
    uint8_t *message = malloc(MESSAGE_MAX);
    for (;;)
        give(message, take(passed_on[0], message));
    return nothing;
}

/*
 * To a notification the kernel may have to wait for answers that are to come yet: a thread of its
 * own gives it, and the answer after it, which must not come sooner.
 */
static void answers(void) {
    uint8_t *message = malloc(MESSAGE_MAX);
    bool is_after_notification = false;
    for (;;) {
        size_t size = take(server, message);
        struct fuse_out_header head;
        memcpy(&head, message, sizeof head);
        bool is_notification = head.unique == 0;
        if (is_notification || is_after_notification)
            write_whole(passed_on[1], message, size);
        else
            give(message, size);
        is_after_notification = is_notification;
    }
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
    umask(0); /* the server may be another user */
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 1) < 0)
        fail("listen");
    server = accept(listener, NULL, NULL);
    device = open("/dev/fuse", O_RDWR);
    char options[200];
    snprintf(options, sizeof options,
             "fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other", device);
    if (mount("dvm", argv[2], "fuse", 0, options) < 0)
        fail("mount");
    printf("mounted\n");
    fflush(stdout);
    pthread_t thread;
    if (pipe(passed_on) < 0)
        fail("pipe");
    pthread_create(&thread, NULL, notifications, NULL);
    pthread_create(&thread, NULL, requests, NULL);
    answers();
}
