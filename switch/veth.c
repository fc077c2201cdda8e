#include "veth.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "rtnl.h"

static int fail(const char *what, const char *name) {
    fprintf(stderr, "dvm-switch: cannot %s %s: %s\n", what, name, strerror(errno));
    return 1;
}

static void add_end(struct rtnl_request *request, const char *name, uint32_t mtu) {
    rtnl_add_text(request, IFLA_IFNAME, name);
    rtnl_add_number(request, IFLA_MTU, mtu);
}

static int make_pair(const char *name, uint32_t pid, uint32_t mtu) {
    struct rtnl_request request;
    struct ifinfomsg body = {.ifi_family = AF_UNSPEC};
    rtnl_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    add_end(&request, name, mtu);
    struct rtattr *info = rtnl_nest(&request, IFLA_LINKINFO);
    rtnl_add_text(&request, IFLA_INFO_KIND, "veth");
    struct rtattr *data = rtnl_nest(&request, IFLA_INFO_DATA);
    struct rtattr *peer = rtnl_nest(&request, VETH_INFO_PEER);
    rtnl_add_raw(&request, &body, sizeof body);
    add_end(&request, "up0", mtu);
    rtnl_add_number(&request, IFLA_NET_NS_PID, pid);
    rtnl_end(&request, peer);
    rtnl_end(&request, data);
    rtnl_end(&request, info);
    return rtnl_ask(&request);
}

static int add_addresses(const char *name, char *list) {
    struct prefix prefix;
    for (char *rest = list, *one; (one = strsep(&rest, ",")) != NULL;)
        if (prefix_read(one, &prefix) < 0 || link_add_prefix(name, &prefix) < 0)
            return -1;
    return 0;
}

int veth_main(int count, char **words) {
    if (count != 6) {
        fputs("usage: dvm-switch veth NAME PID MTU ADDRESS[,ADDRESS...]\n", stderr);
        return 2;
    }
    char *name = words[2];
    uint32_t pid = (uint32_t)strtoul(words[3], NULL, 10),
             mtu = (uint32_t)strtoul(words[4], NULL, 10);
    if (rtnl_open() < 0 || link_remove(name) < 0)
        return fail("remove", name);
    if (make_pair(name, pid, mtu) < 0)
        return fail("make", name);
    if (link_set_up(name, 0) < 0 || add_addresses(name, words[5]) < 0)
        return fail("set up", name);
    return 0;
}

int unveth_main(int count, char **words) {
    if (count != 3) {
        fputs("usage: dvm-switch unveth NAME\n", stderr);
        return 2;
    }
    return rtnl_open() < 0 || link_remove(words[2]) < 0 ? fail("remove", words[2]) : 0;
}

static int add_routes(const char *name, const struct prefix *gateway, const char *subnets) {
    char copy[1024];
    struct prefix subnet;
    snprintf(copy, sizeof copy, "%s", subnets);
    for (char *rest = copy, *one; (one = strsep(&rest, ",")) != NULL;) {
        if (prefix_read(one, &subnet) < 0)
            return -1;
        if (subnet.family == gateway->family && link_add_route(name, &subnet, gateway) < 0)
            return -1;
    }
    return 0;
}

int route_main(int count, char **words) {
    struct prefix gateway;
    if (count != 5) {
        fputs("usage: dvm-switch route NAME GATEWAY[,GATEWAY...] SUBNET[,SUBNET...]\n", stderr);
        return 2;
    }
    if (rtnl_open() < 0)
        return fail("lead to", words[4]);
    for (char *rest = words[3], *one; (one = strsep(&rest, ",")) != NULL;)
        if (prefix_read(one, &gateway) < 0 || add_routes(words[2], &gateway, words[4]) < 0)
            return fail("lead to", words[4]);
    return 0;
}
