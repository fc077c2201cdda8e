#ifndef DVM_ADDRESS_H
#define DVM_ADDRESS_H

#include "agent.h"

/* Addresses of interfaces and the default routes, in the network namespace that the caller is in.
 */

struct address {
    uint8_t family; /* AF_INET or AF_INET6 */
    uint8_t bits;   /* of its prefix */
    uint8_t bytes[16];
};

#define ADDRESS_TEXT_MAX 64

/* "192.0.2.1/24", "2001:db8::1/64"; without a prefix all bits are. */
int address_parse(const char *text, struct address *address, struct failure *failure);
void address_write(const struct address *address, char text[ADDRESS_TEXT_MAX]);
bool address_is_same(const struct address *one, const struct address *other);

/* `netlink`: netlink_open(); `link`: the interface's number. One that is there already is left. */
int address_add(int netlink, int link, const struct address *address, struct failure *failure);
/* One that has gone is none to remove. */
int address_remove(int netlink, int link, const struct address *address, struct failure *failure);
/* Takes the place of the default route of this family that there is. */
int default_route_add(int netlink, int link, const struct address *gateway,
                      struct failure *failure);
int default_route_remove(int netlink, int link, const struct address *gateway,
                         struct failure *failure);

#endif
