#include "relay_door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "connector.h"
#include "container.h"

#define RESOLVER_ADDRESS 0x7f00000bu /* 127.0.0.11 */
#define RESOLVER_PORT 53

struct door {
    bool is_open;
    bool is_handed_over;
    struct source datagrams;
    struct source listener;
    int namespace; /* -1: the machine's own */
    char name[DVM_NAME_MAX + 1];
};

static struct door doors[CONTAINERS_MAX];

static int open_socket(int type) {
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(RESOLVER_PORT),
                                        .sin_addr.s_addr = htonl(RESOLVER_ADDRESS)};
    const int on = 1;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* a server of the container's own, for all of its addresses, has the port beside it */
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        (type != SOCK_STREAM || listen(fd, SOMAXCONN) == 0))
        return fd;
    close_and_forget(&fd);
    return -1;
}

static void close_all(struct door *door) {
    loop_close(&door->datagrams);
    loop_close(&door->listener);
    close_and_forget(&door->namespace);
}

/* From now on it is the connector's. */
static void hand_over(struct door *door) {
    struct connector_message message = {.order = CONNECTOR_RELAY, .slot = (uint8_t)(door - doors)};
    const int descriptors[CONNECTOR_DESCRIPTORS] = {door->datagrams.fd, door->listener.fd,
                                                    door->namespace};
    struct failure failure;
    memcpy(message.name, door->name, sizeof message.name);
    if (connector_hand_over(&message, descriptors, door->namespace < 0 ? 2 : 3, &failure) < 0)
        complain("%s", failure.text);
    else
        door->is_handed_over = true;
    close_all(door);
}

static void datagrams_ready(struct source *source, uint32_t events) {
    (void)events;
    hand_over((struct door *)((char *)source - offsetof(struct door, datagrams)));
}

static void listener_ready(struct source *source, uint32_t events) {
    (void)events;
    hand_over((struct door *)((char *)source - offsetof(struct door, listener)));
}

static int open_inside(struct door *door, const struct network *network, struct failure *failure) {
    if (network_enter(network, failure) < 0)
        return -1;
    door->datagrams.fd = open_socket(SOCK_DGRAM);
    door->listener.fd = door->datagrams.fd < 0 ? -1 : open_socket(SOCK_STREAM);
    int number = errno;
    network_leave(network);
    errno = number;
    if (door->listener.fd < 0)
        return fail_errno(failure, "cannot answer for names at 127.0.0.11");
    return 0;
}

int relay_door_open(const struct network *network, const struct place *place, const char *name,
                    struct failure *failure) {
    struct door *door = &doors[place->slot];
    if (!setup_name_is_legal(name))
        return fail(failure, STATUS_INVALID, "cannot answer for names by \"%.64s\": it is no name",
                    name);
    if (door->is_open)
        return 0;
    *door = (struct door){.datagrams = {.fd = -1, .ready = datagrams_ready},
                          .listener = {.fd = -1, .ready = listener_ready},
                          .namespace = -1};
    snprintf(door->name, sizeof door->name, "%s", name);
    int namespace = network_descriptor(network);
    if (namespace >= 0)
        door->namespace = fcntl(namespace, F_DUPFD_CLOEXEC, 3);
    if (open_inside(door, network, failure) < 0) {
        close_all(door);
        return -1;
    }
    door->is_open = true;
    loop_watch(&door->datagrams, EPOLLIN);
    loop_watch(&door->listener, EPOLLIN);
    return 0;
}

bool relay_door_close(unsigned slot) {
    struct door *door = &doors[slot];
    bool is_handed_over = door->is_open && door->is_handed_over;
    if (door->is_open && !door->is_handed_over)
        close_all(door);
    *door = (struct door){0};
    return is_handed_over;
}
