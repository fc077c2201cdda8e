#include "control.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "doors.h"
#include "grants.h"
#include "mux.h"
#include "owners.h"
#include "ports.h"
#include "published.h"

#define LINE_MAX_BYTES 16384u
#define WORDS_MAX 8

struct connection {
    struct mux_source source; /* first: it is freed by it */
    char line[LINE_MAX_BYTES];
    size_t used;
    struct connection *next;
};

/* Of who speaks to us now. */
static struct connection *connections;

static void drop(struct connection *connection) {
    struct connection **link = &connections;
    while (*link != NULL && *link != connection)
        link = &(*link)->next;
    if (*link != NULL)
        *link = connection->next;
    mux_drop(&connection->source);
}

static int listen_on(char **words, char *result, size_t room) {
    const struct owner *owner = owner_make(words[1]);
    if (owner == NULL)
        return -1;
    const struct port_words port = {.address = words[2],
                                    .port = words[3],
                                    .guest_address = words[4],
                                    .guest_port = words[5],
                                    .client_address = words[6]};
    int number = port_listen(owner, &port);
    if (number < 0)
        return -1;
    snprintf(result, room, "ok %d\n", number);
    return 0;
}

static int hex(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return isxdigit((unsigned char)digit) ? tolower((unsigned char)digit) - 'a' + 10 : -1;
}

static int decode(char *text) {
    char *to = text;
    for (const char *from = text; *from != 0; from++) {
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

static int grant(char **words) {
    const struct owner *owner = owner_make(words[1]);
    return owner == NULL || decode(words[3]) < 0 ? -1 : grant_add(owner, words[2], words[3]);
}

static int lead(char **words) {
    const struct place_words given[2] = {{words[2], words[3]}, {words[4], words[5]}};
    struct place place;
    const struct owner *owner = owner_make(words[1]);
    if (owner == NULL || place_parse(given, &place) < 0)
        return -1;
    if (memcmp(&owner->place, &place, sizeof place) == 0)
        return 0;
    published_break(owner);
    owner_lead(owner, &place);
    doors_resume();
    return 0;
}

static int publish_by(char **words, char *result, size_t room) {
    const struct owner *owner = owner_make(words[1]);
    const struct published_words port = {words[2], words[3], words[4], words[5]};
    if (owner == NULL || strcmp(words[0], "unpublish") == 0)
        return owner == NULL ? -1 : unpublish(owner, &port);
    int number = publish(owner, &port);
    if (number < 0)
        return -1;
    snprintf(result, room, "ok %d\n", number);
    return 0;
}

static int withdraw(char **words) {
    const struct owner *owner = owner_find(words[1]);
    if (owner != NULL)
        published_end(owner);
    return 0;
}

static int release(char **words) {
    const struct owner *owner = owner_find(words[1]);
    if (owner == NULL)
        return 0;
    published_end(owner);
    mux_end_owned(owner);
    grants_end(owner);
    owner_free(owner);
    return 0;
}

static int answer(char **words, size_t count, char *result, size_t room) {
    if (count == 7 && strcmp(words[0], "listen") == 0)
        return listen_on(words, result, room);
    if (count == 6 && strcmp(words[0], "lead") == 0)
        return lead(words);
    if (count == 6 && (strcmp(words[0], "publish") == 0 || strcmp(words[0], "unpublish") == 0))
        return publish_by(words, result, room);
    if (count == 2 && strcmp(words[0], "withdraw") == 0)
        return withdraw(words);
    if (count == 4 && strcmp(words[0], "grant") == 0)
        return grant(words);
    if (count == 2 && strcmp(words[0], "release") == 0)
        return release(words);
    if (count == 1 && strcmp(words[0], "ping") == 0)
        return 0;
    errno = EINVAL;
    return -1;
}

static void take_line(struct connection *connection, char *line) {
    char *words[WORDS_MAX + 1] = {0}, *rest = line, result[256] = "ok\n";
    size_t count = 0;
    while (count < WORDS_MAX && (words[count] = strsep(&rest, " ")) != NULL)
        count++;
    if (answer(words, count, result, sizeof result) < 0) {
        int number = errno;
        snprintf(result, sizeof result, "error %d %s\n", number, strerror(number));
    }
    size_t length = strlen(result);
    /* who asks more than he reads loses the connection */
    if (write(connection->source.fd, result, length) != (ssize_t)length)
        drop(connection);
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
        drop(connection);
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
    connection->next = connections;
    connections = connection;
    if (mux_watch(&connection->source, EPOLLIN) < 0)
        drop(connection);
}

int control_open(const char *path) {
    static struct mux_source source = {.ready = socket_ready};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    source.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (source.fd < 0)
        return -1;
    umask(0177);
    unlink(path); /* of one that was killed */
    if (bind(source.fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(source.fd, 64) < 0)
        return -1;
    return mux_watch(&source, EPOLLIN);
}
