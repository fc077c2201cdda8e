#include "published.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datagrams.h"
#include "doors.h"
#include "relays.h"
#include "supply.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* One that is open inside, too, or only there. */
struct inner {
    struct door_words words;
    struct inner *next;
};

static struct inner *inners;
/* Of the namespace that connections are in. */
static uint64_t namespace_number;

static int open_inside(const struct door_words *words) {
    bool is_inet6 = words->address.any.sa_family == AF_INET6;
    enum supply_kind kind = words->is_tcp ? (is_inet6 ? SUPPLY_TCP6 : SUPPLY_TCP4)
                                          : (is_inet6 ? SUPPLY_UDP6 : SUPPLY_UDP4);
    int fd = supply_wait(kind);
    return fd < 0 ? -1 : door_open(fd, words);
}

static uint64_t current_namespace(void) {
    uint64_t number = 0;
    socklen_t size = sizeof number;
    int fd = supply_wait(SUPPLY_TCP4);
    if (fd < 0)
        return 0;
    if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &number, &size) < 0)
        number = 0;
    supply_return(SUPPLY_TCP4, fd);
    return number;
}

static void lost(void) { doors_end_inside(); }

/* The same namespace may have got another switch; in another one all has to begin anew. */
static void found(void) {
    uint64_t number = current_namespace();
    if (number == 0 || number != namespace_number) {
        relays_end(NULL);
        datagrams_end(NULL);
    }
    namespace_number = number;
    for (const struct inner *inner = inners; inner != NULL; inner = inner->next)
        if (open_inside(&inner->words) < 0)
            fprintf(stderr, "dvm-forwarder: cannot open port %u in the switch: %s\n",
                    port_of(&inner->words.address), strerror(errno));
}

int published_open(const char *switch_path) {
    static const struct supply_events events = {
        .arrived = doors_resume, .lost = lost, .found = found};
    relays_open(doors_resume);
    supply_open(switch_path, &events);
    return datagrams_open();
}

static int add_inner(struct door_words *words) {
    struct inner *inner = calloc(1, sizeof *inner);
    if (inner == NULL)
        return -1;
    words->is_inside = true;
    int number = open_inside(words);
    if (number < 0) {
        int reason = errno;
        free(inner);
        errno = reason;
        return -1;
    }
    set_port(&words->address, (uint16_t)number);
    inner->words = *words;
    inner->next = inners;
    inners = inner;
    return number;
}

static int open_outside(const struct door_words *words) {
    int type = words->is_tcp ? SOCK_STREAM : SOCK_DGRAM;
    int fd = socket(words->address.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -1 : door_open(fd, words);
}

/* An address of the switch's own is one that the host has not. */
static int open_both(struct door_words *words) {
    int number = open_outside(words);
    if (number < 0 && errno == EADDRNOTAVAIL)
        return add_inner(words) < 0 ? (errno = EADDRNOTAVAIL, -1) : port_of(&words->address);
    if (number < 0)
        return -1;
    set_port(&words->address, (uint16_t)number);
    if (!is_unspecified(&words->address) || add_inner(words) >= 0)
        return number;
    int reason = errno;
    doors_close(words);
    errno = reason;
    return -1;
}

static int parse(const struct owner *owner, const struct published_words *words,
                 struct door_words *door) {
    uint16_t port;
    bool is_udp = strcmp(words->protocol, "udp") == 0;
    memset(door, 0, sizeof *door);
    door->owner = owner;
    door->is_tcp = !is_udp;
    if ((is_udp || strcmp(words->protocol, "tcp") == 0) && parse_port(words->port, &port) == 0 &&
        parse_port(words->guest_port, &door->guest_port) == 0 &&
        parse_address(words->address, port, &door->address) > 0)
        return 0;
    errno = EINVAL;
    return -1;
}

int publish(const struct owner *owner, const struct published_words *words) {
    struct door_words door;
    return parse(owner, words, &door) < 0 ? -1 : open_both(&door);
}

static bool is_meant(const struct inner *inner, const struct owner *owner,
                     const struct door_words *door) {
    if (inner->words.owner != owner)
        return false;
    return door == NULL ||
           (inner->words.is_tcp == door->is_tcp &&
            memcmp(&inner->words.address, &door->address, sizeof door->address) == 0);
}

/* door NULL: all of his. */
static void forget_inners(const struct owner *owner, const struct door_words *door) {
    struct inner **at = &inners;
    while (*at != NULL) {
        struct inner *inner = *at;
        if (!is_meant(inner, owner, door)) {
            at = &inner->next;
            continue;
        }
        *at = inner->next;
        free(inner);
    }
}

int unpublish(const struct owner *owner, const struct published_words *words) {
    struct door_words door;
    if (parse(owner, words, &door) < 0)
        return -1;
    doors_close(&door);
    forget_inners(owner, &door);
    return 0;
}

void published_break(const struct owner *owner) {
    relays_end(owner);
    datagrams_end_owned(owner);
}

void published_end(const struct owner *owner) {
    doors_end(owner);
    forget_inners(owner, NULL);
    relays_end(owner);
}
