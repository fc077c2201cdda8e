#include "networks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "announce.h"
#include "elements.h"
#include "traits.h"

/* Something of this namespace, and its elements, which go with it. */
struct thing {
    char name[IFNAMSIZ];
    char bridge[IFNAMSIZ]; /* a tap's */
    struct elements elements;
    struct thing *next;
};

static struct thing *bridges, *ports;

static struct thing *find(struct thing *list, const char *name) {
    while (list != NULL && strcmp(list->name, name) != 0)
        list = list->next;
    return list;
}

static struct thing *find_or_make(struct thing **list, const char *name) {
    struct thing *thing = find(*list, name);
    if (thing != NULL || !link_name_is_valid(name) || (thing = calloc(1, sizeof *thing)) == NULL)
        return thing;
    strcpy(thing->name, name);
    thing->next = *list;
    *list = thing;
    return thing;
}

static int forget(struct thing **list, const char *name) {
    while (*list != NULL && strcmp((*list)->name, name) != 0)
        list = &(*list)->next;
    struct thing *thing = *list;
    if (thing == NULL)
        return 0;
    int result = elements_change(&thing->elements, NULL);
    *list = thing->next;
    free(thing);
    return result;
}

/* Gives it these elements, and takes from it what it had before. */
static int become(struct thing *thing, const struct elements *elements) {
    if (memcmp(&thing->elements, elements, sizeof *elements) == 0)
        return 0;
    if (elements_change(&thing->elements, elements) < 0)
        return -1;
    thing->elements = *elements;
    return 0;
}

static void elements_of_network(const struct network_wish *wish, struct elements *elements) {
    const char *name = wish->bridge;
    element_name(elements, TABLE_OF_ROUTES, "bridges", name);
    if ((wish->traits & NETWORK_INTERNAL) == 0)
        element_name(elements, TABLE_OF_ROUTES, "open", name);
    if ((wish->traits & NETWORK_MASQUERADE) != 0)
        element_name(elements, TABLE_OF_ROUTES, "masked", name);
    if ((wish->traits & NETWORK_ISOLATED) == 0) {
        char padded[IFNAMSIZ] = {0};
        strncpy(padded, name, IFNAMSIZ - 1);
        element_pair(elements, TABLE_OF_ROUTES, "same", name, padded, sizeof padded);
    }
}

int network_make(const struct network_wish *wish) {
    static struct elements elements;
    if (link_make_bridge(wish->bridge, wish->mtu) < 0 ||
        link_clear_prefixes(wish->bridge, wish->addresses.all, wish->addresses.count) < 0)
        return -1;
    for (size_t index = 0; index < wish->addresses.count; index++)
        if (link_add_prefix(wish->bridge, &wish->addresses.all[index]) < 0)
            return -1;
    struct thing *bridge = find_or_make(&bridges, wish->bridge);
    if (bridge == NULL)
        return -1;
    memset(&elements, 0, sizeof elements);
    elements_of_network(wish, &elements);
    return become(bridge, &elements);
}

int network_remove(const char *bridge) {
    for (struct thing *port = ports, *next; port != NULL; port = next) {
        next = port->next;
        if (strcmp(port->bridge, bridge) == 0 && port_detach(port->name) < 0)
            return -1;
    }
    return link_remove(bridge) < 0 ? -1 : forget(&bridges, bridge);
}

/* The address that Linux gives itself in every network, of its MAC. */
static void link_local_of(const uint8_t mac[6], uint8_t address[16]) {
    const uint8_t bytes[16] = {0xfe,       0x80,   0,      0,    0,    0,      0,      0,
                               mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};
    memcpy(address, bytes, sizeof bytes);
}

static void add_six(struct elements *elements, const char *tap, const uint8_t address[16]) {
    element_pair(elements, TABLE_OF_TAPS, "six", tap, address, 16);
    element_pair(elements, TABLE_OF_TAPS, "targets", tap, address, 16);
}

static void elements_of_port(const struct port_wish *wish, struct elements *elements) {
    const char *tap = wish->tap;
    uint8_t link_local[16];
    link_local_of(wish->mac, link_local);
    element_pair(elements, TABLE_OF_TAPS, "macs", tap, wish->mac, sizeof wish->mac);
    add_six(elements, tap, link_local);
    for (size_t index = 0; index < wish->addresses.count; index++) {
        const struct prefix *address = &wish->addresses.all[index];
        int is_four = address->family == AF_INET;
        if (is_four)
            element_pair(elements, TABLE_OF_TAPS, "four", tap, address->bytes, 4);
        else
            add_six(elements, tap, address->bytes);
        if ((wish->traits & PORT_USES_HOST) != 0)
            element_pair(elements, TABLE_OF_ROUTES, is_four ? "to_host_four" : "to_host_six",
                         wish->bridge, address->bytes, is_four ? 4 : 16);
    }
}

int port_attach(const struct port_wish *wish) {
    static struct elements elements;
    struct thing *port = find_or_make(&ports, wish->tap);
    if (port == NULL || !link_name_is_valid(wish->bridge)) {
        errno = port == NULL ? errno : EINVAL;
        return -1;
    }
    memset(&elements, 0, sizeof elements);
    elements_of_port(wish, &elements);
    strcpy(port->bridge, wish->bridge);
    if (become(port, &elements) == 0 &&
        link_join(wish->tap, wish->bridge, wish->mac, (wish->traits & PORT_ISOLATED) != 0) == 0) {
        announce_port(wish);
        return 0;
    }
    int number = errno;
    forget(&ports, wish->tap);
    errno = number;
    return -1;
}

int port_detach(const char *tap) {
    if (link_leave(tap) < 0 && errno != ENODEV)
        return -1;
    return forget(&ports, tap);
}
