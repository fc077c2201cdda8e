#include "control.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "share.h"
#include "watch.h"

#define CONNECTIONS_MAX 16
#define LINE_MAX_SIZE (3 * PATH_MAX + 256)

struct connection {
    size_t used;
    char line[LINE_MAX_SIZE];
};

/* The first is the listener. */
static struct pollfd watched[CONNECTIONS_MAX + 1];
static struct connection connections[CONNECTIONS_MAX + 1];
static size_t count;

static int digit(char character) {
    if (character >= '0' && character <= '9')
        return character - '0';
    character |= 0x20;
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* Decodes in place; false: it is no percent-encoded path. */
static bool decode(char *text) {
    char *to = text;
    for (const char *from = text; *from != 0; from++) {
        char character = *from;
        if (character == '%') {
            int high = digit(from[1]);
            int low = high < 0 ? -1 : digit(from[2]);
            if (low < 0 || (high == 0 && low == 0))
                return false;
            character = (char)(high << 4 | low);
            from += 2;
        }
        *to++ = character;
    }
    *to = 0;
    return text[0] == '/';
}

static const char *add(char **words) {
    static const char *const kinds[] = {"real", "mapped", "ours"};
    bool is_read_only = strcmp(words[2], "ro") == 0;
    if (!is_read_only && strcmp(words[2], "rw") != 0)
        return "access is ro or rw";
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        if (strcmp(words[3], kinds[kind]) != 0)
            continue;
        if (!decode(words[4]))
            return "the path is none from the root, percent-encoded";
        struct share like = {.owners = (enum owners)kind, .is_read_only = is_read_only};
        like.is_watched = words[5] != NULL;
        if (like.is_watched)
            watch_start();
        if (strlen(words[1]) > SHARE_NAME_MAX)
            return "it is no name of a share";
        strcpy(like.name, words[1]);
        return share_add(words[4], &like);
    }
    return "owners are real, mapped or ours";
}

/* Does what a line says. NULL when done, else why not. */
static const char *obey(char *line) {
    char *words[7] = {0}, *rest = NULL;
    size_t word_count = 0;
    for (char *word = strtok_r(line, " ", &rest); word != NULL && word_count < 7;
         word = strtok_r(NULL, " ", &rest))
        words[word_count++] = word;
    if (word_count == 1 && strcmp(words[0], "ping") == 0)
        return NULL;
    if (word_count == 2 && strcmp(words[0], "remove") == 0) {
        shares_remove(words[1]);
        return NULL;
    }
    bool is_add = (word_count == 5 || word_count == 6) && strcmp(words[0], "add") == 0;
    if (is_add && (words[5] == NULL || strcmp(words[5], "watched") == 0))
        return add(words);
    return "it is none of: add NAME ro|rw OWNERS PATH [watched], remove PREFIX, ping";
}

static bool answer(int fd, const char *why) {
    char text[512];
    int size = why == NULL ? snprintf(text, sizeof text, "ok\n")
                           : snprintf(text, sizeof text, "error %s\n", why);
    return send(fd, text, (size_t)size, MSG_NOSIGNAL) == size;
}

/* Takes what has come on a connection; false: it is over. */
static bool take_lines(int fd, struct connection *connection) {
    ssize_t got = recv(fd, connection->line + connection->used,
                       sizeof connection->line - connection->used, 0);
    if (got <= 0)
        return got < 0 && errno == EINTR;
    connection->used += (size_t)got;
    char *end;
    while ((end = memchr(connection->line, '\n', connection->used)) != NULL) {
        *end = 0;
        if (!answer(fd, obey(connection->line)))
            return false;
        size_t taken = (size_t)(end - connection->line) + 1;
        connection->used -= taken;
        memmove(connection->line, end + 1, connection->used);
    }
    if (connection->used < sizeof connection->line)
        return true;
    answer(fd, "the line is too long");
    return false;
}

static void accept_one(void) {
    int fd = accept4(watched[0].fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (count > CONNECTIONS_MAX) {
        close(fd);
        return;
    }
    watched[count] = (struct pollfd){.fd = fd, .events = POLLIN};
    connections[count].used = 0;
    count++;
}

static void *serve(void *nothing) {
    for (;;) {
        if (poll(watched, count, -1) < 0)
            continue;
        for (size_t index = count - 1; index > 0; index--) {
            if (watched[index].revents == 0 || take_lines(watched[index].fd, &connections[index]))
                continue;
            close(watched[index].fd);
            count--;
            watched[index] = watched[count];
            connections[index] = connections[count];
        }
        if (watched[0].revents != 0)
            accept_one();
    }
    return nothing;
}

const char *control_start(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return "the path of the control socket is too long";
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(path);
    mode_t mask = umask(0177);
    bool listens = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                   listen(fd, CONNECTIONS_MAX) == 0;
    umask(mask);
    if (!listens)
        return strerror(errno);
    watched[0] = (struct pollfd){.fd = fd, .events = POLLIN};
    count = 1;
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, NULL) != 0)
        return "cannot start a thread";
    return NULL;
}
