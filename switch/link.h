#ifndef DVM_SWITCH_LINK_H
#define DVM_SWITCH_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Interfaces of this network namespace, by rtnetlink(7). All give -1 with errno. */

struct prefix {
    uint8_t family; /* AF_INET or AF_INET6 */
    uint8_t length;
    uint8_t bytes[16];
};

/* Of "10.0.0.1/24" or "fd00::1/64"; without a length it is the longest. */
int prefix_read(const char *text, struct prefix *prefix);
/* Of "02:42:ac:11:00:02". */
int mac_read(const char *text, uint8_t mac[6]);
bool link_name_is_valid(const char *name);

/* Once, in the namespace that all others work on. */
int link_open(void);

/* A bridge that doesn't learn what it isn't told. One that is there stays. */
int link_make_bridge(const char *name, uint32_t mtu);
int link_remove(const char *name);
int link_set_up(const char *name, uint32_t mtu);

/*
 * Makes it a port of the bridge: no learning, one address behind it. One that is isolated reaches
 * no other that is.
 */
int link_join(const char *name, const char *bridge, const uint8_t mac[6], bool is_isolated);
/* Of no bridge any more, and down. */
int link_leave(const char *name);

int link_add_prefix(const char *name, const struct prefix *prefix);
/* All that it has but `keep`, and but link-local ones. */
int link_clear_prefixes(const char *name, const struct prefix *keep, size_t count);
/* `to` and its gateway are of one family. */
int link_add_route(const char *name, const struct prefix *to, const struct prefix *gateway);
/* Packets with this mark are this host's own, whomever they are for. */
int link_own_marked(uint32_t mark);

#endif
