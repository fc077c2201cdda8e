#include "card.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
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

unsigned card_count(void) {
    unsigned count = 0;
    while (number_of(count) >= 0)
        count++;
    return count;
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

static int open_socket(struct failure *failure) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? fail_errno(failure, "cannot open a socket") : fd;
}

int card_start_loopback(struct failure *failure) {
    struct ifreq request = {.ifr_name = "lo"};
    cleanup_close int fd = open_socket(failure);
    if (fd < 0)
        return -1;
    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return fail_errno(failure, "cannot find the loopback");
    request.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return fail_errno(failure, "cannot start the loopback");
    return 0;
}

static void begin_link(struct netlink_request *request, int link, unsigned flags, unsigned change) {
    const struct ifinfomsg body = {.ifi_index = link, .ifi_flags = flags, .ifi_change = change};
    netlink_begin(request, RTM_NEWLINK, 0, &body, sizeof body);
}

int card_move(int link, int namespace, const char *new_name, struct failure *failure) {
    struct netlink_request request;
    begin_link(&request, link, 0, 0);
    netlink_add(&request, IFLA_NET_NS_FD, &namespace, sizeof namespace);
    netlink_add(&request, IFLA_IFNAME, new_name, strlen(new_name) + 1);
    cleanup_close int netlink = netlink_open(failure);
    if (netlink < 0)
        return -1;
    if (netlink_ask(netlink, &request) < 0)
        return fail_errno(failure, "cannot move a network card to be %s in another namespace",
                          new_name);
    return 0;
}

int card_set_flag(int netlink, int link, bool is_up, struct failure *failure) {
    struct netlink_request request;
    begin_link(&request, link, is_up ? IFF_UP : 0, IFF_UP);
    if (netlink_ask(netlink, &request) < 0)
        return fail_errno(failure, "cannot %s a network card", is_up ? "start" : "stop");
    return 0;
}

int card_rename(int link, const char *new_name, struct failure *failure) {
    struct netlink_request request;
    cleanup_close int netlink = netlink_open(failure);
    /* one that is up keeps its name */
    if (netlink < 0 || card_set_flag(netlink, link, false, failure) < 0)
        return -1;
    begin_link(&request, link, 0, 0);
    netlink_add(&request, IFLA_IFNAME, new_name, strlen(new_name) + 1);
    if (netlink_ask(netlink, &request) < 0)
        return fail_errno(failure, "cannot name a network card %s", new_name);
    return 0;
}
