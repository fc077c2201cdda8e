#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mux_loop.h"
#include "requests.h"
#include "unix_socket.h"

#define LINE_MAX_BYTES 16384u

struct connection {
    struct mux_source source; /* first: it is freed by it */
    char line[LINE_MAX_BYTES];
    size_t used;
};

static void take_line(struct connection *connection, char *line) {
    char *words[REQUEST_WORDS_MAX + 1] = {0}, *rest = line, result[512] = "ok\n", said[256] = "";
    size_t count = 0;
    while (count <= REQUEST_WORDS_MAX && (words[count] = strsep(&rest, " ")) != NULL)
        count++;
    if (request_do(words, count, said, sizeof said) < 0) {
        int number = errno;
        const char *why = *said == 0 ? strerror(number) : said;
        snprintf(result, sizeof result, "error %d %s\n", number, why);
    }
    size_t length = strlen(result);
    /* who asks more than he reads loses the connection */
    if (write(connection->source.fd, result, length) != (ssize_t)length)
        mux_drop(&connection->source);
}

static void take_lines(struct connection *connection) {
    char *start = connection->line, *end = connection->line + connection->used, *newline;
    while (!connection->source.is_gone &&
           (newline = memchr(start, '\n', (size_t)(end - start))) != NULL) {
        *newline = 0;
        take_line(connection, start);
        start = newline + 1;
    }
    connection->used = (size_t)(end - start);
    memmove(connection->line, start, connection->used);
}

static void connection_ready(struct mux_source *source, uint32_t events) {
    (void)events;
    struct connection *connection = (struct connection *)source;
    ssize_t count = read(source->fd, connection->line + connection->used,
                         sizeof connection->line - connection->used);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) { /* also a line that is too long: there was no room to read into */
        mux_drop(source);
        return;
    }
    connection->used += (size_t)count;
    take_lines(connection);
}

static void socket_ready(struct mux_source *source, uint32_t events) {
    (void)events;
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        close(fd);
        return;
    }
    connection->source = (struct mux_source){.fd = fd, .ready = connection_ready};
    if (mux_watch(&connection->source, EPOLLIN) < 0)
        mux_drop(&connection->source);
}

int control_open(const char *path) {
    static struct mux_source source = {.ready = socket_ready};
    source.fd = unix_listen(path, SOCK_STREAM);
    return source.fd < 0 ? -1 : mux_watch(&source, EPOLLIN);
}
