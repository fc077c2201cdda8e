#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"

static unsigned bytes_of(const struct address *address) {
    return address->family == AF_INET ? 4 : 16;
}

int address_parse(const char *text, struct address *address, struct failure *failure) {
    char plain[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "/");
    *address = (struct address){.family = strchr(text, ':') == NULL ? AF_INET : AF_INET6};
    long most = 8l * bytes_of(address);
    char *end = NULL;
    long bits = text[length] == '/' ? strtol(text + length + 1, &end, 10) : most;
    bool has_bits = end == NULL || (*end == 0 && end > text + length + 1);
    snprintf(plain, sizeof plain, "%.*s", (int)length, text);
    if (length >= sizeof plain || !has_bits || bits < 0 || bits > most ||
        inet_pton(address->family, plain, address->bytes) != 1)
        return fail(failure, STATUS_INVALID, "cannot use network address \"%.64s\"", text);
    address->bits = (uint8_t)bits;
    return 0;
}

static void write_plain(const struct address *address, char text[ADDRESS_TEXT_MAX]) {
    text[0] = 0;
    inet_ntop(address->family, address->bytes, text, ADDRESS_TEXT_MAX);
}

void address_write(const struct address *address, char text[ADDRESS_TEXT_MAX]) {
    write_plain(address, text);
    size_t length = strlen(text);
    snprintf(text + length, ADDRESS_TEXT_MAX - length, "/%u", address->bits);
}

bool address_is_same(const struct address *one, const struct address *other) {
    return one->family == other->family && one->bits == other->bits &&
           memcmp(one->bytes, other->bytes, sizeof one->bytes) == 0;
}

static void begin_address(struct netlink_request *request, uint16_t type, uint16_t flags,
                          const struct address *address, int link) {
    const struct ifaddrmsg body = {.ifa_family = address->family,
                                   .ifa_prefixlen = address->bits,
                                   /* it can be used at once: no other is asked whether he has it */
                                   .ifa_flags = address->family == AF_INET6 ? IFA_F_NODAD : 0,
                                   .ifa_index = (uint32_t)link};
    netlink_begin(request, type, flags, &body, sizeof body);
    netlink_add(request, IFA_LOCAL, address->bytes, bytes_of(address));
    netlink_add(request, IFA_ADDRESS, address->bytes, bytes_of(address));
}

int address_add(int netlink, int link, const struct address *address, struct failure *failure) {
    struct netlink_request request;
    char text[ADDRESS_TEXT_MAX];
    begin_address(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, address, link);
    if (address->family == AF_INET && address->bits < 31) {
        uint32_t broadcast;
        memcpy(&broadcast, address->bytes, sizeof broadcast);
        broadcast |= htonl(UINT32_MAX >> address->bits);
        netlink_add(&request, IFA_BROADCAST, &broadcast, sizeof broadcast);
    }
    if (netlink_ask(netlink, &request) == 0 || errno == EEXIST)
        return 0;
    address_write(address, text);
    if (errno == EOPNOTSUPP || errno == EAFNOSUPPORT)
        return fail(failure, STATUS_UNSUPPORTED, "cannot set address %s: the kernel has no IPv%c",
                    text, address->family == AF_INET ? '4' : '6');
    return fail_errno(failure, "cannot set address %s", text);
}

int address_remove(int netlink, int link, const struct address *address, struct failure *failure) {
    struct netlink_request request;
    char text[ADDRESS_TEXT_MAX];
    begin_address(&request, RTM_DELADDR, 0, address, link);
    if (netlink_ask(netlink, &request) == 0 || errno == EADDRNOTAVAIL)
        return 0;
    address_write(address, text);
    return fail_errno(failure, "cannot remove address %s", text);
}

static void begin_route(struct netlink_request *request, uint16_t type, uint16_t flags,
                        const struct address *gateway, int link) {
    const struct rtmsg body = {.rtm_family = gateway->family,
                               .rtm_table = RT_TABLE_MAIN,
                               .rtm_protocol = RTPROT_BOOT,
                               .rtm_scope = RT_SCOPE_UNIVERSE,
                               .rtm_type = RTN_UNICAST};
    netlink_begin(request, type, flags, &body, sizeof body);
    netlink_add(request, RTA_GATEWAY, gateway->bytes, bytes_of(gateway));
    netlink_add(request, RTA_OIF, &link, sizeof link);
}

int default_route_add(int netlink, int link, const struct address *gateway,
                      struct failure *failure) {
    struct netlink_request request;
    char text[ADDRESS_TEXT_MAX];
    begin_route(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, gateway, link);
    if (netlink_ask(netlink, &request) == 0)
        return 0;
    write_plain(gateway, text);
    return fail_errno(failure, "cannot set the default route to %s", text);
}

int default_route_remove(int netlink, int link, const struct address *gateway,
                         struct failure *failure) {
    struct netlink_request request;
    char text[ADDRESS_TEXT_MAX];
    begin_route(&request, RTM_DELROUTE, 0, gateway, link);
    if (netlink_ask(netlink, &request) == 0 || errno == ESRCH)
        return 0;
    write_plain(gateway, text);
    return fail_errno(failure, "cannot remove the default route to %s", text);
}
