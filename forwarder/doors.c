#include "doors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "datagrams.h"
#include "relays.h"
#include "supply.h"

#define ACCEPTED_AT_ONCE 64
#define WATCHED (EPOLLIN | EPOLLET)

static struct door *doors;

static void take_client(const struct door *door, int fd, int server, const union address *client) {
    const struct place *place = &door->words.owner->place;
    union address target;
    if (place_bind(place, server, client, &target) < 0) {
        close(fd);
        close(server);
        return;
    }
    set_port(&target, door->words.guest_port);
    relay_start(door->words.owner, fd, server, &target);
}

/* What is left when there are no sockets, or too many connections, is taken by doors_resume(). */
static void accept_some(struct door *door) {
    enum supply_kind kind;
    for (int count = 0; count < ACCEPTED_AT_ONCE; count++) {
        if (!relays_have_room() ||
            !place_kind(&door->words.owner->place, door->words.address.any.sa_family, true, &kind))
            return;
        int server = supply_take(kind);
        if (server < 0)
            return;
        union address client = {0};
        socklen_t size = sizeof client;
        int fd = accept4(door->source.fd, &client.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take_client(door, fd, server, &client);
            continue;
        }
        supply_return(kind, server);
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
    mux_watch_again(&door->source, WATCHED);
}

static void ready(struct mux_source *source, uint32_t events) {
    (void)events;
    struct door *door = (struct door *)source;
    if (door->words.is_tcp)
        accept_some(door);
    else
        datagrams_receive(door);
}

void doors_resume(void) {
    for (struct door *door = doors; door != NULL; door = door->next)
        mux_watch_again(&door->source, WATCHED);
}

/* A socket of the switch's may be bound to whatever address, which is not meant here. */
static void become_plain(int fd, int family) {
    const int off = 0;
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &off, sizeof off);
    else
        setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &off, sizeof off);
}

static int bind_door(int fd, const struct door_words *words) {
    const int on = 1;
    const union address *address = &words->address;
    union address bound;
    socklen_t size = sizeof bound;
    if (address->any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (words->is_inside)
        become_plain(fd, address->any.sa_family);
    if (words->is_tcp)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    else
        datagrams_prepare(fd, address->any.sa_family);
    if (bind(fd, &address->any, address_size(address)) < 0)
        return -1;
    if (words->is_tcp && listen(fd, SOMAXCONN) < 0)
        return -1;
    return getsockname(fd, &bound.any, &size) < 0 ? -1 : port_of(&bound);
}

int door_open(int fd, const struct door_words *words) {
    struct door *door = calloc(1, sizeof *door);
    int number = door == NULL ? -1 : bind_door(fd, words);
    if (number >= 0) {
        door->source = (struct mux_source){.fd = fd, .ready = ready};
        door->words = *words;
        door->next = doors;
        set_port(&door->words.address, (uint16_t)number);
        if (mux_watch(&door->source, WATCHED) == 0) {
            doors = door;
            return number;
        }
    }
    int reason = errno;
    close(fd);
    free(door);
    errno = reason;
    return -1;
}

static void end_where(bool (*is_meant)(const struct door *door, const void *what),
                      const void *what) {
    struct door **at = &doors;
    while (*at != NULL) {
        struct door *door = *at;
        if (!is_meant(door, what)) {
            at = &door->next;
            continue;
        }
        *at = door->next;
        datagrams_end(door);
        mux_drop(&door->source);
    }
}

static bool is_same(const struct door *door, const void *what) {
    const struct door_words *words = what;
    return door->words.owner == words->owner && door->words.is_tcp == words->is_tcp &&
           memcmp(&door->words.address, &words->address, sizeof words->address) == 0;
}

static bool is_owned(const struct door *door, const void *owner) {
    return door->words.owner == owner;
}

static bool is_inside(const struct door *door, const void *nothing) {
    (void)nothing;
    return door->words.is_inside;
}

void doors_close(const struct door_words *words) { end_where(is_same, words); }

void doors_end(const struct owner *owner) { end_where(is_owned, owner); }

void doors_end_inside(void) { end_where(is_inside, NULL); }
