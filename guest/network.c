#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define CARD "eth0"

static struct sockaddr inet_address(struct in_addr address) {
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr = address};
    struct sockaddr plain;
    memcpy(&plain, &inet, sizeof plain);
    return plain;
}

static int open_socket(struct failure *failure) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? fail_errno(failure, "cannot open a socket") : fd;
}

static int set_up_flag(int fd, const char *name, struct failure *failure) {
    struct ifreq request = {0};
    snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return fail_errno(failure, "cannot find network card %s", name);
    request.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return fail_errno(failure, "cannot start network card %s", name);
    return 0;
}

static bool card_exists(const void *argument) {
    (void)argument;
    return access("/sys/class/net/" CARD, F_OK) == 0;
}

static int parse(const char *text, struct in_addr *address, struct in_addr *mask) {
    char plain[INET_ADDRSTRLEN];
    size_t length = strcspn(text, "/");
    long bits = text[length] == '/' ? strtol(text + length + 1, NULL, 10) : 32;
    if (length >= sizeof plain || bits < 0 || bits > 32)
        return -1;
    snprintf(plain, sizeof plain, "%.*s", (int)length, text);
    mask->s_addr = bits == 0 ? 0 : htonl(~0u << (32 - bits));
    return inet_pton(AF_INET, plain, address) == 1 ? 0 : -1;
}

int network_up_loopback(struct failure *failure) {
    cleanup_close int fd = open_socket(failure);
    return fd < 0 ? -1 : set_up_flag(fd, "lo", failure);
}

static int add_default_route(int fd, struct in_addr gateway, struct failure *failure) {
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
    route.rt_dst = route.rt_genmask = inet_address((struct in_addr){0});
    route.rt_gateway = inet_address(gateway);
    if (ioctl(fd, SIOCADDRT, &route) < 0 && errno != EEXIST)
        return fail_errno(failure, "cannot set the default route");
    return 0;
}

int network_up(const char *address, const char *gateway, struct failure *failure) {
    struct in_addr own, mask, router, unused;
    if (parse(address, &own, &mask) < 0 ||
        (gateway[0] != 0 && parse(gateway, &router, &unused) < 0))
        return fail(failure, STATUS_INVALID, "cannot use network address %s by %s", address,
                    gateway);
    if (!wait_until(card_exists, NULL, 5000))
        return fail(failure, STATUS_UNAVAILABLE, "cannot set the network up: there is no " CARD);
    cleanup_close int fd = open_socket(failure);
    if (fd < 0)
        return -1;
    struct ifreq request = {.ifr_name = CARD};
    request.ifr_addr = inet_address(own);
    if (ioctl(fd, SIOCSIFADDR, &request) < 0)
        return fail_errno(failure, "cannot set address %s", address);
    request.ifr_netmask = inet_address(mask);
    if (ioctl(fd, SIOCSIFNETMASK, &request) < 0)
        return fail_errno(failure, "cannot set the network mask of %s", address);
    /* as Docker does where a network has no IPv6; a kernel without it has no such file */
    write_file("/proc/sys/net/ipv6/conf/" CARD "/disable_ipv6", "1");
    if (set_up_flag(fd, CARD, failure) < 0)
        return -1;
    return gateway[0] == 0 ? 0 : add_default_route(fd, router, failure);
}

int network_set_mac(const char *text, struct failure *failure) {
    unsigned bytes[6];
    struct ifreq request = {.ifr_name = CARD};
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &bytes[0], &bytes[1], &bytes[2], &bytes[3],
               &bytes[4], &bytes[5]) != 6)
        return fail(failure, STATUS_INVALID, "cannot use \"%s\": it is no MAC address", text);
    cleanup_close int fd = open_socket(failure);
    if (fd < 0)
        return -1;
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
        return fail_errno(failure, "cannot read the MAC address of " CARD);
    uint8_t wanted[6];
    for (size_t index = 0; index < 6; index++)
        wanted[index] = (uint8_t)bytes[index];
    if (memcmp(request.ifr_hwaddr.sa_data, wanted, sizeof wanted) == 0)
        return 0;
    memcpy(request.ifr_hwaddr.sa_data, wanted, sizeof wanted);
    if (ioctl(fd, SIOCSIFHWADDR, &request) < 0)
        return fail_errno(failure, "cannot set MAC address %s", text);
    return 0;
}
