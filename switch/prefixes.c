#include <errno.h>
#include <linux/if_addr.h>
#include <string.h>

#include "link.h"
#include "rtnl.h"

#define STALE_MAX 64u

/* Addresses of one interface that nobody wants any more. */
struct stale {
    uint32_t index;
    const struct prefix *keep;
    size_t keep_count;
    struct prefix found[STALE_MAX];
    size_t count;
};

static int is_link_local(const struct prefix *prefix) {
    return prefix->family == AF_INET6 && prefix->bytes[0] == 0xfe &&
           (prefix->bytes[1] & 0xc0) == 0x80;
}

static int is_kept(const struct stale *stale, const struct prefix *prefix) {
    for (size_t index = 0; index < stale->keep_count; index++)
        if (memcmp(&stale->keep[index], prefix, sizeof *prefix) == 0)
            return 1;
    return is_link_local(prefix);
}

static void look_at(const struct nlmsghdr *message, void *context) {
    struct stale *stale = context;
    const struct ifaddrmsg *body = NLMSG_DATA(message);
    if (message->nlmsg_type != RTM_NEWADDR || body->ifa_index != stale->index ||
        stale->count == STALE_MAX)
        return;
    struct prefix prefix = {.family = body->ifa_family, .length = body->ifa_prefixlen};
    size_t left = IFA_PAYLOAD(message), bytes = prefix.family == AF_INET ? 4 : 16;
    for (struct rtattr *attribute = IFA_RTA(body); RTA_OK(attribute, left);
         attribute = RTA_NEXT(attribute, left))
        if (attribute->rta_type == (prefix.family == AF_INET ? IFA_LOCAL : IFA_ADDRESS) &&
            RTA_PAYLOAD(attribute) == bytes)
            memcpy(prefix.bytes, RTA_DATA(attribute), bytes);
    if (!is_kept(stale, &prefix))
        stale->found[stale->count++] = prefix;
}

static int remove_prefix(uint32_t index, const struct prefix *prefix) {
    struct rtnl_request request;
    struct ifaddrmsg body = {
        .ifa_family = prefix->family, .ifa_prefixlen = prefix->length, .ifa_index = index};
    rtnl_begin(&request, RTM_DELADDR, 0, &body, sizeof body);
    rtnl_add(&request, IFA_LOCAL, prefix->bytes, prefix->family == AF_INET ? 4 : 16);
    return rtnl_ask(&request) < 0 && errno != EADDRNOTAVAIL ? -1 : 0;
}

int link_clear_prefixes(const char *name, const struct prefix *keep, size_t count) {
    static struct stale stale;
    struct rtnl_request request;
    stale = (struct stale){.index = if_nametoindex(name), .keep = keep, .keep_count = count};
    rtnl_begin(&request, RTM_GETADDR, NLM_F_DUMP, &(struct ifaddrmsg){0}, sizeof(struct ifaddrmsg));
    if (stale.index == 0 || rtnl_dump(&request, look_at, &stale) < 0)
        return -1;
    for (size_t index = 0; index < stale.count; index++)
        if (remove_prefix(stale.index, &stale.found[index]) < 0)
            return -1;
    return 0;
}
