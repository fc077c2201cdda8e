#ifndef DVM_SWITCH_NETWORKS_H
#define DVM_SWITCH_NETWORKS_H

#include <stdint.h>

#include "link.h"

/* Bridges, the taps on them, and what both may. All give -1 with errno. */

#define PREFIXES_MAX 16u

struct prefixes {
    struct prefix all[PREFIXES_MAX];
    size_t count;
};

struct network_wish {
    const char *bridge;
    uint32_t mtu;
    struct prefixes addresses;
    unsigned traits;
};

int network_make(const struct network_wish *wish);
int network_remove(const char *bridge);

struct port_wish {
    const char *tap;
    const char *bridge;
    uint8_t mac[6];
    struct prefixes addresses;
    unsigned traits;
};

int port_attach(const struct port_wish *wish);
int port_detach(const char *tap);

#endif
