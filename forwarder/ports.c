#include "ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addresses.h"
#include "mux.h"
#include "wire.h"

#define CLIENT_BUFFER 262144 /* bytes that a client doesn't take: a slow one costs no more */

/* OPEN's payload. */
static int describe_target(const struct port_words *words, uint8_t wanted[CONNECTION_TCP_SIZE]) {
    uint16_t port;
    if (parse_port(words->guest_port, &port) < 0 || port == 0)
        return -1;
    wanted[0] = CONNECTION_TCP;
    put_u16(wanted + 1, port);
    return inet_pton(AF_INET, words->guest_address, wanted + 3) == 1 &&
                   inet_pton(AF_INET, words->client_address, wanted + 7) == 1
               ? 0
               : -1;
}

static int bind_and_listen(int fd, const union address *address, socklen_t length) {
    const int on = 1, room = CLIENT_BUFFER;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room); /* its connections have it too */
    if (address->any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, &address->any, length) < 0)
        return -1;
    return listen(fd, SOMAXCONN);
}

static int number_of(int fd) {
    union address address;
    socklen_t length = sizeof address;
    return getsockname(fd, &address.any, &length) < 0 ? -1 : port_of(&address);
}

int port_listen(const struct owner *owner, const struct port_words *words) {
    union address address;
    uint8_t wanted[CONNECTION_TCP_SIZE];
    uint16_t port = 0;
    socklen_t length = 0;
    if (parse_port(words->port, &port) == 0)
        length = parse_address(words->address, port, &address);
    if (length == 0 || describe_target(words, wanted) < 0) {
        errno = EINVAL;
        return -1;
    }
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int number = bind_and_listen(fd, &address, length) < 0 ? -1 : number_of(fd);
    if (number < 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return mux_listen(fd, owner, wanted, sizeof wanted) < 0 ? -1 : number;
}
