#include "uplink.h"

#include <string.h>

#include "elements.h"

static struct elements known_hosts;

int uplink_is_here(const struct prefixes *addresses, const struct prefixes *gateways) {
    if (link_set_up("up0", 0) < 0 ||
        link_clear_prefixes("up0", addresses->all, addresses->count) < 0)
        return -1;
    for (size_t index = 0; index < addresses->count; index++)
        if (link_add_prefix("up0", &addresses->all[index]) < 0)
            return -1;
    for (size_t index = 0; index < gateways->count; index++) {
        const struct prefix *gateway = &gateways->all[index];
        const struct prefix everything = {.family = gateway->family};
        if (link_add_route("up0", &everything, gateway) < 0)
            return -1;
    }
    return 0;
}

int uplink_by_pasta(const struct pasta *pasta) { return outside_run_pasta(pasta); }

int uplink_set_hosts(const struct prefixes *hosts) {
    static struct elements wanted;
    memset(&wanted, 0, sizeof wanted);
    for (size_t index = 0; index < hosts->count; index++) {
        const struct prefix *host = &hosts->all[index];
        if (host->family == AF_INET)
            element_bytes(&wanted, TABLE_OF_ROUTES, "host_four", host->bytes, 4);
        else
            element_bytes(&wanted, TABLE_OF_ROUTES, "host_six", host->bytes, 16);
    }
    if (elements_change(&known_hosts, &wanted) < 0)
        return -1;
    known_hosts = wanted;
    return 0;
}
