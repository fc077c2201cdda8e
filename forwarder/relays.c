#include "relays.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "mux_loop.h"
#include "pipes.h"

#ifndef SIOCOUTQ
#define SIOCOUTQ 0x5411
#endif
#define AT_ONCE 262144u
#define ROUNDS 8 /* then others have their turn */
#define DESCRIPTORS_EACH 6u
#define OTHER_DESCRIPTORS 512u
#define WATCHED (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

/* One of the two connections, and what came from it and the other one did not take yet. */
struct end {
    struct mux_source source; /* first: it is freed by it */
    struct end *other;
    struct pipe *pipe;
    size_t held; /* bytes in the pipe */
    bool is_connecting;
    bool readable, writable; /* as far as is known */
    bool has_ended;          /* no more comes from it */
    bool is_broken;          /* it ended by an error */
    bool is_over;            /* that was told to the other one */
    bool is_deaf;            /* what is for it is thrown away */
    const struct owner *owner;
    struct end *older, *newer; /* of clients, among all */
};

static struct end *newest;
static size_t count_of_all, most;
static void (*tell_room)(void);

void relays_open(void (*has_room)(void)) {
    struct rlimit limit = {.rlim_cur = 1024};
    getrlimit(RLIMIT_NOFILE, &limit);
    size_t free = limit.rlim_cur > 2 * OTHER_DESCRIPTORS ? limit.rlim_cur - OTHER_DESCRIPTORS
                                                         : limit.rlim_cur / 2;
    most = free / DESCRIPTORS_EACH;
    tell_room = has_room;
}

bool relays_have_room(void) { return count_of_all < most; }

static void take_from_all(struct end *client) {
    if (client->newer == NULL)
        newest = client->older;
    else
        client->newer->older = client->older;
    if (client->older != NULL)
        client->older->newer = client->newer;
    if (count_of_all-- == most)
        tell_room();
}

static void empty(struct end *end) {
    if (end->pipe != NULL)
        pipe_end(end->pipe);
    end->pipe = NULL;
    end->held = 0;
}

static void close_end(struct end *end) {
    empty(end);
    mux_drop(&end->source);
}

static void close_both(struct end *end) {
    if (end->source.is_gone)
        return;
    take_from_all(end->owner != NULL ? end : end->other);
    close_end(end->other);
    close_end(end);
}

/* The peer sees that the connection broke, unless it still has to get what it was sent. */
static void abort_both(struct end *end) {
    const struct linger at_once = {.l_onoff = 1};
    int fds[] = {end->source.fd, end->other->source.fd};
    for (int index = 0; index < 2; index++) {
        int unsent = 0;
        if (ioctl(fds[index], SIOCOUTQ, &unsent) == 0 && unsent == 0)
            setsockopt(fds[index], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    close_both(end);
}

/* Of one direction: all that came was passed on. False: both are closed. */
static bool finish(struct end *from) {
    struct end *to = from->other;
    if (from->is_broken || (to->is_deaf && to->has_ended)) {
        abort_both(from);
        return false;
    }
    if (!from->is_over && !to->is_deaf)
        shutdown(to->source.fd, SHUT_WR);
    from->is_over = true;
    if (!to->is_over)
        return true;
    close_both(from);
    return false;
}

/* What its peer has sent before may still be there to be read. */
static void fail_to_write(struct end *to) {
    to->is_deaf = true;
    to->readable = true;
    empty(to->other);
    to->other->has_ended = to->other->is_over = true;
}

static bool fill(struct end *from) {
    if (!from->readable || from->has_ended)
        return false;
    if (from->pipe == NULL && (from->pipe = pipe_take()) == NULL) {
        from->has_ended = from->is_broken = true;
        return false;
    }
    ssize_t count = splice(from->source.fd, NULL, from->pipe->to, NULL, AT_ONCE,
                           SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count > 0) {
        from->held += (size_t)count;
        return true;
    }
    if (count < 0 && errno == EINTR)
        return true;
    if (count < 0 && errno == EAGAIN) {
        /* else it may be that the pipe is full */
        if (from->held == 0)
            from->readable = false;
        return false;
    }
    from->has_ended = true;
    from->is_broken = count < 0;
    return false;
}

static bool drain(struct end *from) {
    struct end *to = from->other;
    if (from->held == 0 || !to->writable || to->is_connecting)
        return false;
    ssize_t count = splice(from->pipe->from, NULL, to->source.fd, NULL, from->held,
                           SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count > 0)
        from->held -= (size_t)count;
    else if (errno == EAGAIN)
        to->writable = false;
    else if (errno != EINTR)
        fail_to_write(to);
    return count > 0;
}

/* Passes on what came from one. False: both are closed. */
static bool move(struct end *from) {
    bool is_moving = true;
    int round = 0;
    if (from->is_connecting || from->other->is_connecting)
        return true;
    for (; round < ROUNDS && is_moving; round++) {
        is_moving = fill(from);
        is_moving = drain(from) || is_moving;
    }
    if (from->held == 0 && from->pipe != NULL) {
        pipe_return(from->pipe);
        from->pipe = NULL;
    }
    if (is_moving) { /* it is told of again, in its turn */
        mux_watch_again(&from->source, WATCHED);
        return true;
    }
    return from->held > 0 || !from->has_ended || finish(from);
}

static bool take_connection(struct end *end) {
    int number = 0;
    socklen_t size = sizeof number;
    if (getsockopt(end->source.fd, SOL_SOCKET, SO_ERROR, &number, &size) < 0 || number != 0) {
        close_both(end);
        return false;
    }
    end->is_connecting = false;
    return true;
}

static void ready(struct mux_source *source, uint32_t events) {
    struct end *end = (struct end *)source;
    if (end->is_connecting) {
        if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0 || !take_connection(end))
            return;
    }
    if (events & ~(uint32_t)EPOLLIN)
        end->writable = true;
    if (events & ~(uint32_t)EPOLLOUT)
        end->readable = true;
    /* the other direction may have become deaf by this one */
    if (move(end) && move(end->other) && end->is_deaf)
        move(end);
}

static struct end *make_end(int fd) {
    const int on = 1;
    struct end *end = calloc(1, sizeof *end);
    if (end == NULL) {
        close(fd);
        return NULL;
    }
    end->source = (struct mux_source){.fd = fd, .ready = ready};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return end;
}

static void add_to_all(struct end *client) {
    client->older = newest;
    if (newest != NULL)
        newest->newer = client;
    newest = client;
    count_of_all++;
}

void relay_start(const struct owner *owner, int client_fd, int server_fd,
                 const union address *target) {
    const int on = 1;
    struct end *client = make_end(client_fd), *server = make_end(server_fd);
    if (client == NULL || server == NULL) {
        if (client != NULL)
            mux_drop(&client->source);
        if (server != NULL)
            mux_drop(&server->source);
        return;
    }
    setsockopt(client_fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    client->owner = owner;
    client->other = server;
    server->other = client;
    add_to_all(client);
    server->is_connecting = true;
    if ((connect(server_fd, &target->any, address_size(target)) < 0 && errno != EINPROGRESS) ||
        mux_watch(&server->source, WATCHED) < 0 || mux_watch(&client->source, WATCHED) < 0)
        close_both(client);
}

void relays_end(const struct owner *owner) {
    struct end *older;
    for (struct end *client = newest; client != NULL; client = older) {
        older = client->older;
        if (owner == NULL || client->owner == owner)
            abort_both(client);
    }
}
