#ifndef DVM_SWITCH_UPLINK_H
#define DVM_SWITCH_UPLINK_H

#include "networks.h"
#include "outside.h"

/* The way out: the interface up0. Both give -1 with errno, and may be done again. */

/* It was put here by somebody who may (veth.h). */
int uplink_is_here(const struct prefixes *addresses, const struct prefixes *gateways);
int uplink_by_pasta(const struct pasta *pasta);
/* These addresses stand for the host, and no others. */
int uplink_set_hosts(const struct prefixes *hosts);

#endif
