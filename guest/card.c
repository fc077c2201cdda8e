#include "card.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "netlink.h"

#define DEVICES "/sys/bus/virtio/devices"
#define NETWORK_CARD 1u /* its number among virtio's kinds of devices */
#define BOOT_MS 10000
#define APPEAR_MS 5000

static bool is_card(const struct dirent *entry) {
    char path[PATH_MAX], text[32];
    if (strncmp(entry->d_name, "virtio", strlen("virtio")) != 0)
        return false;
    snprintf(path, sizeof path, DEVICES "/%s/device", entry->d_name);
    return read_file(path, text, sizeof text) > 0 && strtoul(text, NULL, 16) == NETWORK_CARD;
}

/* The virtio number of the card before which `index` others stand; -1: there are not so many. */
static long number_of(unsigned index) {
    long numbers[64];
    size_t count = 0;
    DIR *folder = opendir(DEVICES);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (count == sizeof numbers / sizeof *numbers || !is_card(entry))
            continue;
        long number = strtol(entry->d_name + strlen("virtio"), NULL, 10);
        size_t at = count++;
        for (; at > 0 && numbers[at - 1] > number; at--)
            numbers[at] = numbers[at - 1];
        numbers[at] = number;
    }
    if (folder != NULL)
        closedir(folder);
    return index < count ? numbers[index] : -1;
}

struct search {
    unsigned index;
    char *name;
};

static bool find(const void *argument) {
    const struct search *search = argument;
    char path[PATH_MAX];
    long number = number_of(search->index);
    snprintf(path, sizeof path, DEVICES "/virtio%ld/net", number);
    DIR *folder = number < 0 ? NULL : opendir(path);
    bool found = false;
    struct dirent *entry;
    while (!found && folder != NULL && (entry = readdir(folder)) != NULL) {
        found = entry->d_name[0] != '.';
        if (found)
            snprintf(search->name, CARD_NAME_MAX, "%.15s", entry->d_name);
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}

int card_find(unsigned index, char name[CARD_NAME_MAX], struct failure *failure) {
    const struct search search = {index, name};
    /* the machine boots, or the namespace that had it is going */
    bool may_come = uptime_ms() < BOOT_MS || number_of(index) >= 0;
    if (!wait_until(find, &search, may_come ? APPEAR_MS : 0))
        return fail(failure, STATUS_UNAVAILABLE,
                    "cannot set the network up: there is no network card %u", index);
    return 0;
}

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

int card_start_loopback(struct failure *failure) {
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

static int set_address(int fd, const char *name, const char *address, struct failure *failure) {
    struct in_addr own, mask;
    struct ifreq request = {0};
    if (parse(address, &own, &mask) < 0)
        return fail(failure, STATUS_INVALID, "cannot use network address %s", address);
    snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
    request.ifr_addr = inet_address(own);
    if (ioctl(fd, SIOCSIFADDR, &request) < 0)
        return fail_errno(failure, "cannot set address %s", address);
    request.ifr_netmask = inet_address(mask);
    if (ioctl(fd, SIOCSIFNETMASK, &request) < 0)
        return fail_errno(failure, "cannot set the network mask of %s", address);
    return 0;
}

int card_start(const char *name, const char *address, const char *gateway,
               struct failure *failure) {
    struct in_addr router, unused;
    char setting[96];
    if (gateway[0] != 0 && parse(gateway, &router, &unused) < 0)
        return fail(failure, STATUS_INVALID, "cannot use network gateway %s", gateway);
    cleanup_close int fd = open_socket(failure);
    if (fd < 0 || set_address(fd, name, address, failure) < 0)
        return -1;
    /* as Docker does where a network has no IPv6; a kernel without it has no such file */
    snprintf(setting, sizeof setting, "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
    write_file(setting, "1");
    if (set_up_flag(fd, name, failure) < 0)
        return -1;
    return gateway[0] == 0 ? 0 : add_default_route(fd, router, failure);
}

int card_set_mac(const char *name, const char *text, struct failure *failure) {
    unsigned bytes[6];
    struct ifreq request = {0};
    snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &bytes[0], &bytes[1], &bytes[2], &bytes[3],
               &bytes[4], &bytes[5]) != 6)
        return fail(failure, STATUS_INVALID, "cannot use \"%s\": it is no MAC address", text);
    cleanup_close int fd = open_socket(failure);
    if (fd < 0)
        return -1;
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
        return fail_errno(failure, "cannot read the MAC address of %s", name);
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

int card_move(const char *name, int namespace, const char *new_name, struct failure *failure) {
    struct netlink_request request;
    const struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = (int)if_nametoindex(name)};
    netlink_begin(&request, RTM_NEWLINK, 0, &link, sizeof link);
    netlink_add(&request, IFLA_NET_NS_FD, &namespace, sizeof namespace);
    netlink_add(&request, IFLA_IFNAME, new_name, strlen(new_name) + 1);
    if (link.ifi_index == 0 || netlink_ask(&request) < 0)
        return fail_errno(failure, "cannot move network card %s to another namespace", name);
    return 0;
}
