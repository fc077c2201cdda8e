#include "link.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <string.h>
#include <sys/random.h>

#include "rtnl.h"

#define MARKED_TABLE 100u

static int index_of(const char *name) {
    if (!link_name_is_valid(name)) {
        errno = EINVAL;
        return -1;
    }
    unsigned index = if_nametoindex(name);
    return index == 0 ? -1 : (int)index;
}

/* One that is there already is fine. */
static int ask_to_make(struct rtnl_request *request) {
    return rtnl_ask(request) < 0 && errno != EEXIST ? -1 : 0;
}

int link_open(void) { return rtnl_open() < 0 ? -1 : link_set_up("lo", 0); }

static void begin_link(struct rtnl_request *request, uint16_t flags, const struct ifinfomsg *body) {
    rtnl_begin(request, RTM_NEWLINK, flags, body, sizeof *body);
}

int link_make_bridge(const char *name, uint32_t mtu) {
    struct rtnl_request request;
    if (!link_name_is_valid(name)) {
        errno = EINVAL;
        return -1;
    }
    begin_link(&request, NLM_F_CREATE | NLM_F_EXCL, &(struct ifinfomsg){.ifi_family = AF_UNSPEC});
    rtnl_add_text(&request, IFLA_IFNAME, name);
    uint8_t mac[6] = {0x02, 0x42}; /* else it has that of one of its ports, and changes with them */
    if (getrandom(mac + 2, sizeof mac - 2, 0) == sizeof mac - 2)
        rtnl_add(&request, IFLA_ADDRESS, mac, sizeof mac);
    struct rtattr *info = rtnl_nest(&request, IFLA_LINKINFO);
    rtnl_add_text(&request, IFLA_INFO_KIND, "bridge");
    struct rtattr *data = rtnl_nest(&request, IFLA_INFO_DATA);
    rtnl_add_number(&request, IFLA_BR_FORWARD_DELAY, 0);
    rtnl_add_byte(&request, IFLA_BR_MCAST_SNOOPING, 0);
    rtnl_end(&request, data);
    rtnl_end(&request, info);
    return ask_to_make(&request) < 0 ? -1 : link_set_up(name, mtu);
}

int link_remove(const char *name) {
    struct rtnl_request request;
    int index = index_of(name);
    if (index < 0)
        return errno == ENODEV ? 0 : -1;
    struct ifinfomsg body = {.ifi_index = index};
    rtnl_begin(&request, RTM_DELLINK, 0, &body, sizeof body);
    return rtnl_ask(&request) < 0 && errno != ENODEV ? -1 : 0;
}

int link_set_up(const char *name, uint32_t mtu) {
    struct rtnl_request request;
    int index = index_of(name);
    if (index < 0)
        return -1;
    begin_link(&request, 0,
               &(struct ifinfomsg){.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP});
    if (mtu != 0)
        rtnl_add_number(&request, IFLA_MTU, mtu);
    return rtnl_ask(&request);
}

static int set_port(int index, bool is_isolated) {
    struct rtnl_request request;
    struct ifinfomsg body = {.ifi_family = AF_BRIDGE, .ifi_index = index};
    rtnl_begin(&request, RTM_SETLINK, 0, &body, sizeof body);
    struct rtattr *port = rtnl_nest(&request, IFLA_PROTINFO);
    rtnl_add_byte(&request, IFLA_BRPORT_LEARNING, 0);
    rtnl_add_byte(&request, IFLA_BRPORT_UNICAST_FLOOD, 0);
    rtnl_add_byte(&request, IFLA_BRPORT_ISOLATED, is_isolated);
    rtnl_end(&request, port);
    return rtnl_ask(&request);
}

static int set_behind(int index, const uint8_t mac[6]) {
    struct rtnl_request request;
    struct ndmsg body = {.ndm_family = AF_BRIDGE,
                         .ndm_ifindex = index,
                         .ndm_state = NUD_NOARP,
                         .ndm_flags = NTF_MASTER};
    rtnl_begin(&request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
    rtnl_add(&request, NDA_LLADDR, mac, 6);
    return rtnl_ask(&request);
}

/* A port of a bridge has no address itself. Best effort: a host may be without IPv6. */
static void go_without_address(int index) {
    struct rtnl_request request;
    begin_link(&request, 0, &(struct ifinfomsg){.ifi_index = index});
    struct rtattr *families = rtnl_nest(&request, IFLA_AF_SPEC);
    struct rtattr *six = rtnl_nest(&request, AF_INET6);
    rtnl_add_byte(&request, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    rtnl_end(&request, six);
    rtnl_end(&request, families);
    rtnl_ask(&request);
}

static int set_bridge(int index, int bridge, unsigned flags) {
    struct rtnl_request request;
    struct ifinfomsg body = {.ifi_index = index, .ifi_flags = flags, .ifi_change = IFF_UP};
    begin_link(&request, 0, &body);
    rtnl_add_number(&request, IFLA_MASTER, (uint32_t)bridge);
    return rtnl_ask(&request);
}

int link_join(const char *name, const char *bridge, const uint8_t mac[6], bool is_isolated) {
    int index = index_of(name);
    int master = index < 0 ? -1 : index_of(bridge);
    if (master < 0)
        return -1;
    go_without_address(index);
    if (set_bridge(index, master, IFF_UP) < 0)
        return -1;
    return set_port(index, is_isolated) < 0 ? -1 : set_behind(index, mac);
}

int link_leave(const char *name) {
    int index = index_of(name);
    return index < 0 ? -1 : set_bridge(index, 0, 0);
}

int link_add_prefix(const char *name, const struct prefix *prefix) {
    struct rtnl_request request;
    size_t count = prefix->family == AF_INET ? 4 : 16;
    int index = index_of(name);
    if (index < 0)
        return -1;
    struct ifaddrmsg body = {.ifa_family = prefix->family,
                             .ifa_prefixlen = prefix->length,
                             .ifa_index = (uint32_t)index};
    rtnl_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    rtnl_add(&request, IFA_LOCAL, prefix->bytes, count);
    rtnl_add(&request, IFA_ADDRESS, prefix->bytes, count);
    if (prefix->family == AF_INET6)
        rtnl_add_number(&request, IFA_FLAGS, IFA_F_NODAD);
    return ask_to_make(&request);
}

int link_add_route(const char *name, const struct prefix *to, const struct prefix *gateway) {
    struct rtnl_request request;
    size_t count = to->family == AF_INET ? 4 : 16;
    int index = index_of(name);
    if (index < 0)
        return -1;
    struct rtmsg body = {.rtm_family = to->family,
                         .rtm_dst_len = to->length,
                         .rtm_table = RT_TABLE_MAIN,
                         .rtm_protocol = RTPROT_STATIC,
                         .rtm_scope = RT_SCOPE_UNIVERSE,
                         .rtm_type = RTN_UNICAST};
    rtnl_begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
    if (to->length > 0)
        rtnl_add(&request, RTA_DST, to->bytes, count);
    rtnl_add(&request, RTA_GATEWAY, gateway->bytes, count);
    rtnl_add_number(&request, RTA_OIF, (uint32_t)index);
    return rtnl_ask(&request);
}

static int own_marked(uint8_t family, uint32_t mark) {
    struct rtnl_request request;
    struct fib_rule_hdr rule = {.family = family, .table = MARKED_TABLE, .action = FR_ACT_TO_TBL};
    rtnl_begin(&request, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &rule, sizeof rule);
    rtnl_add_number(&request, FRA_PRIORITY, MARKED_TABLE);
    rtnl_add_number(&request, FRA_FWMARK, mark);
    rtnl_add_number(&request, FRA_FWMASK, mark);
    if (ask_to_make(&request) < 0)
        return -1;
    struct rtmsg route = {.rtm_family = family,
                          .rtm_table = MARKED_TABLE,
                          .rtm_protocol = RTPROT_STATIC,
                          .rtm_scope = RT_SCOPE_HOST,
                          .rtm_type = RTN_LOCAL};
    rtnl_begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &route, sizeof route);
    rtnl_add_number(&request, RTA_OIF, (uint32_t)index_of("lo"));
    return rtnl_ask(&request);
}

int link_own_marked(uint32_t mark) {
    if (own_marked(AF_INET, mark) < 0)
        return -1;
    /* a host without IPv6 has nothing to own of it */
    return own_marked(AF_INET6, mark) < 0 && errno != EAFNOSUPPORT && errno != EOPNOTSUPP ? -1 : 0;
}
