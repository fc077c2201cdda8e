#ifndef DVM_SWITCH_OUTSIDE_H
#define DVM_SWITCH_OUTSIDE_H

#include "link.h"

/*
 * A child that stays in the network namespace of the host when this process leaves it, to run
 * pasta(1) from there: again whenever it ends. It goes with this process, and pasta with it.
 */

/* Before namespace_own_network(); -1 with errno. */
int outside_start(void);

/* Addresses that it gives to the interface, and a gateway, which is the host, too. */
struct pasta {
    const char *program;
    const char *four, *four_gateway; /* with prefix: "100.64.0.2/24" */
    const char *six, *six_gateway;   /* a /64, without prefix; "-" for none */
};

/* Returns when its interface is there; -1 with errno. Idempotent. */
int outside_run_pasta(const struct pasta *pasta);

#endif
