/*
 * What the network is measured with, on the host and in machines:
 *   wire serve PORT              does what the first line of each connection says, and answers a line
 *   wire ask HOST PORT WORDS…    says that line, and prints how many microseconds it took
 * Lines: `sink MB` (the asker sends), `source MB` (the asker takes), `echo TURNS` (bytes to and fro),
 * and `tell HOST PORT WORDS…`: the server itself asks the other one, and answers the microseconds.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_line = 200 };
static char bytes[65536];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void send_all(int fd, const char *from, size_t count) {
    while (count > 0) {
        ssize_t part = write(fd, from, count);
        if (part <= 0)
            fail("write");
        from += part;
        count -= (size_t)part;
    }
}

static void take(int fd, uint64_t count) {
    while (count > 0) {
        ssize_t part = read(fd, bytes, count < sizeof bytes ? (size_t)count : sizeof bytes);
        if (part <= 0)
            fail("read");
        count -= (uint64_t)part;
    }
}

static void give(int fd, uint64_t count) {
    for (; count > 0; count -= sizeof bytes)
        send_all(fd, bytes, sizeof bytes);
}

/* A byte at a time: nothing of what follows is taken. */
static int read_line(int fd, char line[most_line]) {
    for (int at = 0; at < most_line - 1; at++) {
        if (read(fd, line + at, 1) != 1)
            return -1;
        if (line[at] == '\n') {
            line[at] = 0;
            return 0;
        }
    }
    return -1;
}

static int connect_to(const char *host, int port) {
    const int on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

/* Microseconds from the line to the last byte. */
static long long ask(const char *host, int port, const char *words) {
    char line[most_line], kind[16] = "";
    unsigned long count = 0;
    int fd = connect_to(host, port);
    sscanf(words, "%15s %lu", kind, &count);
    snprintf(line, sizeof line, "%s\n", words);
    long long start = now();
    send_all(fd, line, strlen(line));
    if (strcmp(kind, "sink") == 0)
        give(fd, (uint64_t)count << 20);
    else if (strcmp(kind, "source") == 0)
        take(fd, (uint64_t)count << 20);
    else if (strcmp(kind, "echo") == 0)
        for (; count > 0; count--) {
            send_all(fd, "x", 1);
            take(fd, 1);
        }
    if (read_line(fd, line) < 0)
        fail("answer");
    long long took = now() - start;
    close(fd);
    return strcmp(kind, "tell") == 0 ? atoll(line) : took;
}

static void serve_one(int fd) {
    char line[most_line], kind[16] = "", host[64] = "";
    unsigned long count = 0;
    int port = 0, at = 0;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (read_line(fd, line) < 0)
        return;
    sscanf(line, "%15s %lu", kind, &count);
    if (strcmp(kind, "sink") == 0)
        take(fd, (uint64_t)count << 20);
    else if (strcmp(kind, "source") == 0)
        give(fd, (uint64_t)count << 20);
    else if (strcmp(kind, "echo") == 0)
        for (; count > 0; count--) {
            take(fd, 1);
            send_all(fd, "x", 1);
        }
    else if (sscanf(line, "tell %63s %d %n", host, &port, &at) == 2 && at > 0) {
        snprintf(bytes, sizeof bytes, "%lld\n", ask(host, port, line + at));
        send_all(fd, bytes, strlen(bytes));
        return;
    }
    send_all(fd, "done\n", 5);
}

static void serve(int port) {
    const int on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 16) < 0)
        fail("listen");
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(fd, NULL, NULL);
        if (client >= 0 && fork() == 0) {
            close(fd);
            serve_one(client);
            exit(0);
        }
        close(client);
    }
}

int main(int argc, char **argv) {
    if (argc == 1) /* as /bin/true of its image */
        return 0;
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        serve(atoi(argv[2]));
    if (argc < 5 || strcmp(argv[1], "ask") != 0)
        return 2;
    char words[most_line] = "";
    for (int at = 4; at < argc; at++)
        snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", at > 4 ? " " : "", argv[at]);
    printf("%lld\n", ask(argv[2], atoi(argv[3]), words));
    return 0;
}
