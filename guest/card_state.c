#include "card_state.h"

#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "card.h"
#include "netlink.h"
#include "sysctl.h"

static int parse_mac(const char *text, uint8_t mac[6], struct failure *failure) {
    unsigned bytes[6];
    int length = 0;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &bytes[0], &bytes[1], &bytes[2], &bytes[3],
               &bytes[4], &bytes[5], &length) != 6 ||
        text[length] != 0)
        return fail(failure, STATUS_INVALID, "cannot use \"%.64s\": it is no MAC address", text);
    for (size_t index = 0; index < 6; index++)
        mac[index] = (uint8_t)bytes[index];
    return 0;
}

static int set_mac(int fd, const char *name, const char *text, struct failure *failure) {
    struct ifreq request = {0};
    uint8_t wanted[6];
    snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
    if (parse_mac(text, wanted, failure) < 0)
        return -1;
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
        return fail_errno(failure, "cannot read the MAC address of %s", name);
    if (memcmp(request.ifr_hwaddr.sa_data, wanted, sizeof wanted) == 0)
        return 0;
    memcpy(request.ifr_hwaddr.sa_data, wanted, sizeof wanted);
    if (ioctl(fd, SIOCSIFHWADDR, &request) < 0)
        return fail_errno(failure, "cannot set MAC address %s", text);
    return 0;
}

static int set_mtu(int fd, const char *name, uint32_t mtu, struct failure *failure) {
    struct ifreq request = {0};
    snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
    if (ioctl(fd, SIOCGIFMTU, &request) < 0)
        return fail_errno(failure, "cannot read the MTU of %s", name);
    if ((uint32_t)request.ifr_mtu == mtu)
        return 0;
    request.ifr_mtu = (int)mtu;
    if (mtu > INT_MAX || ioctl(fd, SIOCSIFMTU, &request) < 0)
        return fail_errno(failure, "cannot set an MTU of %u", mtu);
    return 0;
}

/* A kernel without IPv6 has no such files. */
static void set_ipv6(const char *name, const char *setting, const char *value) {
    char path[96];
    snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/%s", name, setting);
    write_file(path, value);
}

/*
 * As Docker does where a network has no IPv6. Where it has, addresses are given by nobody but the
 * host, and nobody is asked first whether he has one already.
 */
static void choose_ipv6(const char *name, const struct card_state *state) {
    bool is_wanted = false;
    for (size_t index = 0; index < state->address_count; index++)
        is_wanted |= state->addresses[index].family == AF_INET6;
    set_ipv6(name, "disable_ipv6", is_wanted ? "0" : "1");
    if (!is_wanted)
        return;
    set_ipv6(name, "accept_ra", "0");
    set_ipv6(name, "accept_dad", "0");
}

static int parse_all(char **texts, struct address *list, size_t most, size_t *count,
                     struct failure *failure) {
    for (*count = 0; texts[*count] != NULL; ++*count) {
        if (*count == most)
            return fail(failure, STATUS_INVALID,
                        "cannot give a network card more than %zu addresses or gateways", most);
        if (address_parse(texts[*count], &list[*count], failure) < 0)
            return -1;
    }
    return 0;
}

static bool holds(const struct address *list, size_t count, const struct address *wanted) {
    for (size_t index = 0; index < count; index++)
        if (address_is_same(&list[index], wanted))
            return true;
    return false;
}

static int take_old(int netlink, int link, const struct card_state *old,
                    const struct card_state *new, struct failure *failure) {
    for (size_t index = 0; index < old->gateway_count; index++)
        if (!holds(new->gateways, new->gateway_count, &old->gateways[index]) &&
            default_route_remove(netlink, link, &old->gateways[index], failure) < 0)
            return -1;
    for (size_t index = 0; index < old->address_count; index++)
        if (!holds(new->addresses, new->address_count, &old->addresses[index]) &&
            address_remove(netlink, link, &old->addresses[index], failure) < 0)
            return -1;
    return 0;
}

static int give_new(int netlink, int link, const struct card_state *old,
                    const struct card_state *new, struct failure *failure) {
    for (size_t index = 0; index < new->address_count; index++)
        if (!holds(old->addresses, old->address_count, &new->addresses[index]) &&
            address_add(netlink, link, &new->addresses[index], failure) < 0)
            return -1;
    for (size_t index = 0; index < new->gateway_count; index++)
        if (!holds(old->gateways, old->gateway_count, &new->gateways[index]) &&
            default_route_add(netlink, link, &new->gateways[index], failure) < 0)
            return -1;
    return 0;
}

static bool has_same(const struct card_state *one, const struct card_state *other) {
    const size_t size = sizeof one->addresses[0];
    return one->address_count == other->address_count &&
           one->gateway_count == other->gateway_count && one->is_up == other->is_up &&
           memcmp(one->addresses, other->addresses, one->address_count * size) == 0 &&
           memcmp(one->gateways, other->gateways, one->gateway_count * size) == 0;
}

static int set_addresses(int link, const char *name, struct card_state *state,
                         const struct card_state *wanted, struct failure *failure) {
    const struct card_state old = *state;
    if (has_same(&old, wanted))
        return 0;
    cleanup_close int netlink = netlink_open(failure);
    if (netlink < 0)
        return -1;
    /* what fails in between has to be taken away, too */
    *state = *wanted;
    if (take_old(netlink, link, &old, wanted, failure) < 0)
        return -1;
    choose_ipv6(name, wanted);
    if (!old.is_up && card_set_flag(netlink, link, true, failure) < 0)
        return -1;
    return give_new(netlink, link, &old, wanted, failure);
}

int card_configure(int link, struct card_state *state, const struct card_setup *setup,
                   struct failure *failure) {
    char name[IF_NAMESIZE];
    struct card_state wanted = {.is_up = true};
    if (if_indextoname((unsigned)link, name) == NULL)
        return fail_errno(failure, "cannot find network card %s", setup->name);
    if (parse_all(setup->addresses, wanted.addresses, CARD_ADDRESSES_MAX, &wanted.address_count,
                  failure) < 0 ||
        parse_all(setup->gateways, wanted.gateways, CARD_GATEWAYS_MAX, &wanted.gateway_count,
                  failure) < 0)
        return -1;
    cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail_errno(failure, "cannot open a socket");
    if ((setup->mtu != 0 && set_mtu(fd, name, setup->mtu, failure) < 0) ||
        (setup->mac[0] != 0 && set_mac(fd, name, setup->mac, failure) < 0) ||
        set_addresses(link, name, state, &wanted, failure) < 0)
        return -1;
    return sysctls_set(setup->sysctls, failure);
}

int card_clear(int link, struct card_state *state, struct failure *failure) {
    const struct card_state nothing = {0};
    cleanup_close int netlink = netlink_open(failure);
    if (netlink < 0 || take_old(netlink, link, state, &nothing, failure) < 0)
        return -1;
    *state = nothing;
    return card_set_flag(netlink, link, false, failure);
}
