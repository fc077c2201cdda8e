#include "mux_lines.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mux_loop.h"
#include "unix_socket.h"

#define LINE_MAX_BYTES 16384u

struct connection {
    struct mux_source source; /* first: it is freed by it */
    char line[LINE_MAX_BYTES];
    size_t used;
};

static mux_request *do_request;

static int hex(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return isxdigit((unsigned char)digit) ? tolower((unsigned char)digit) - 'a' + 10 : -1;
}

int mux_word_decode(char *word) {
    char *to = word;
    for (const char *from = word; *from != 0; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = hex(from[1]), low = high < 0 ? -1 : hex(from[2]);
        if (low < 0 || (high == 0 && low == 0)) {
            errno = EINVAL;
            return -1;
        }
        *to++ = (char)(high << 4 | low);
        from += 2;
    }
    *to = 0;
    return 0;
}

static void take_line(struct connection *connection, char *line) {
    char *words[MUX_WORDS_MAX] = {0}, *rest = line, result[512], said[256] = "";
    size_t count = 0;
    while (count < MUX_WORDS_MAX && (words[count] = strsep(&rest, " ")) != NULL)
        count++;
    if (do_request(words, count, said, sizeof said) < 0) {
        int number = errno;
        const char *why = *said == 0 ? strerror(number) : said;
        snprintf(result, sizeof result, "error %d %s\n", number, why);
    } else {
        snprintf(result, sizeof result, "ok%s%s\n", *said == 0 ? "" : " ", said);
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

int mux_lines_open(const char *path, mux_request *request) {
    static struct mux_source source = {.ready = socket_ready};
    do_request = request;
    source.fd = unix_listen(path, SOCK_STREAM);
    return source.fd < 0 ? -1 : mux_watch(&source, EPOLLIN);
}
