#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mux_loop.h"
#include "tap.h"
#include "unix_socket.h"

struct socket_kind {
    const char *name;
    int family, type, protocol;
};

static const struct socket_kind kinds[] = {
    {"tcp4", AF_INET, SOCK_STREAM, 0},          {"tcp6", AF_INET6, SOCK_STREAM, 0},
    {"udp4", AF_INET, SOCK_DGRAM, 0},           {"udp6", AF_INET6, SOCK_DGRAM, 0},
    {"icmp4", AF_INET, SOCK_RAW, IPPROTO_ICMP}, {"icmp6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
};

static int make_transparent(int fd, int family) {
    int on = 1;
    return family == AF_INET ? setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof on)
                             : setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof on);
}

static int open_socket(const char *name) {
    for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++) {
        const struct socket_kind *kind = &kinds[index];
        if (strcmp(kind->name, name) != 0)
            continue;
        int fd = socket(kind->family, kind->type | SOCK_CLOEXEC, kind->protocol);
        if (fd >= 0 && make_transparent(fd, kind->family) < 0) {
            int number = errno;
            close(fd);
            errno = number;
            return -1;
        }
        return fd;
    }
    errno = EINVAL;
    return -1;
}

static int open_wanted(char *request) {
    char *name = request, *kind = strsep(&name, " ");
    if (strcmp(kind, "namespace") == 0 && name == NULL)
        return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (strcmp(kind, "tap") == 0 && name != NULL)
        return tap_open(name);
    if (strcmp(kind, "socket") == 0 && name != NULL)
        return open_socket(name);
    errno = EINVAL;
    return -1;
}

static int answer(int socket, char *request) {
    char text[256] = "ok";
    int fd = open_wanted(request);
    if (fd < 0)
        snprintf(text, sizeof text, "error %d %s", errno, strerror(errno));
    int sent = unix_send(socket, text, strlen(text), fd);
    if (fd >= 0)
        close(fd);
    return sent;
}

static void asker_ready(struct mux_source *source, uint32_t events) {
    (void)events;
    char request[128];
    int descriptor;
    int count = unix_receive(source->fd, request, sizeof request, &descriptor);
    if (descriptor >= 0)
        close(descriptor); /* nobody is to give us any */
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    /* who asks more than he reads loses the connection */
    if (count <= 0 || answer(source->fd, request) < 0)
        mux_drop(source);
}

static void socket_ready(struct mux_source *source, uint32_t events) {
    (void)events;
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct mux_source *asker = calloc(1, sizeof *asker);
    if (asker == NULL) {
        close(fd);
        return;
    }
    *asker = (struct mux_source){.fd = fd, .ready = asker_ready};
    if (mux_watch(asker, EPOLLIN) < 0)
        mux_drop(asker);
}

int descriptors_open(const char *path) {
    static struct mux_source source = {.ready = socket_ready};
    source.fd = unix_listen(path, SOCK_SEQPACKET);
    return source.fd < 0 ? -1 : mux_watch(&source, EPOLLIN);
}
