/*
 * Servers for tests, each connection in a process of its own: server KIND WHERE, where WHERE is a
 * TCP port or the path of a Unix socket.
 *   echo     gives back what comes, and ends when its client does
 *   count    takes all that comes, then says how many bytes that were
 *   source   sends 100 MB of a pattern
 *   peer     says who its client is
 *   abort    breaks the connection when the first bytes come
 *   deaf     takes nothing, for a minute
 *   datagram gives back what comes by UDP, behind who sent it
 *   outcome  takes all that comes, and writes to standard output how it ended
 * server ask PATH connects to a Unix socket, sends what comes on standard input, and ends that; it
 * writes to standard output what it is answered.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static uint8_t bytes[65536];

static void send_all(int fd, const void *from, size_t count) {
    for (const char *at = from; count > 0;) {
        ssize_t part = write(fd, at, count);
        if (part <= 0)
            exit(1);
        at += part;
        count -= (size_t)part;
    }
}

static void say(int fd, const char *text) { send_all(fd, text, strlen(text)); }

static void echo(int fd) {
    for (ssize_t count; (count = read(fd, bytes, sizeof bytes)) > 0;)
        send_all(fd, bytes, (size_t)count);
}

static void count_bytes(int fd) {
    char text[64];
    unsigned long long total = 0;
    for (ssize_t count; (count = read(fd, bytes, sizeof bytes)) > 0;)
        total += (unsigned long long)count;
    snprintf(text, sizeof text, "%llu bytes\n", total);
    say(fd, text);
}

static void source(int fd) {
    for (size_t at = 0; at < sizeof bytes; at++)
        bytes[at] = (uint8_t)(at * 31 + at / 256);
    for (int part = 0; part < 1600; part++)
        send_all(fd, bytes, sizeof bytes);
}

static void peer(int fd) {
    struct sockaddr_in client;
    socklen_t length = sizeof client;
    char text[64] = "nobody\n";
    if (getpeername(fd, (struct sockaddr *)&client, &length) == 0 && client.sin_family == AF_INET)
        snprintf(text, sizeof text, "%s\n", inet_ntoa(client.sin_addr));
    say(fd, text);
}

static void abort_connection(int fd) {
    const struct linger at_once = {.l_onoff = 1};
    if (read(fd, bytes, 1) < 0)
        return;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void deaf(int fd) {
    (void)fd;
    sleep(60);
}

static void tell_outcome(int fd) {
    ssize_t count;
    while ((count = read(fd, bytes, sizeof bytes)) > 0)
        continue;
    say(1, count == 0 ? "closed\n" : errno == ECONNRESET ? "reset\n" : "failed\n");
}

static void give_back_datagrams(const char *port) {
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&inet, sizeof inet) < 0)
        exit(1);
    for (;;) {
        struct sockaddr_in client;
        socklen_t length = sizeof client;
        ssize_t count = recvfrom(fd, bytes + 64, sizeof bytes - 64, 0, (struct sockaddr *)&client,
                                 &length);
        if (count < 0)
            continue;
        int before = snprintf((char *)bytes, 64, "%s ", inet_ntoa(client.sin_addr));
        memmove(bytes + before, bytes + 64, (size_t)count);
        sendto(fd, bytes, (size_t)(before + count), 0, (struct sockaddr *)&client, length);
    }
}

static const struct {
    const char *name;
    void (*serve)(int fd);
} kinds[] = {{"echo", echo}, {"count", count_bytes},      {"source", source},       {"peer", peer},
             {"deaf", deaf}, {"abort", abort_connection}, {"outcome", tell_outcome}};

static int listen_at(const char *where) {
    const int on = 1;
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(where))};
    snprintf(path.sun_path, sizeof path.sun_path, "%s", where);
    int is_path = where[0] == '/';
    int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int result = is_path ? bind(fd, (struct sockaddr *)&path, sizeof path)
                         : bind(fd, (struct sockaddr *)&inet, sizeof inet);
    return result < 0 || listen(fd, 1024) < 0 ? -1 : fd;
}

static int ask(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror("connect");
        return 1;
    }
    ssize_t count;
    while ((count = read(0, bytes, sizeof bytes)) > 0)
        send_all(fd, bytes, (size_t)count);
    shutdown(fd, SHUT_WR);
    while ((count = read(fd, bytes, sizeof bytes)) > 0)
        send_all(1, bytes, (size_t)count);
    return count < 0;
}

int main(int count, char **words) {
    if (count == 3 && strcmp(words[1], "ask") == 0)
        return ask(words[2]);
    if (count == 3 && strcmp(words[1], "datagram") == 0)
        give_back_datagrams(words[2]);
    void (*serve)(int fd) = NULL;
    for (size_t kind = 0; count == 3 && kind < sizeof kinds / sizeof *kinds; kind++)
        if (strcmp(kinds[kind].name, words[1]) == 0)
            serve = kinds[kind].serve;
    int listener = serve == NULL ? -1 : listen_at(words[2]);
    if (listener < 0)
        return 1;
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && fork() == 0) {
            close(listener);
            serve(fd);
            exit(0);
        }
        close(fd);
    }
}
