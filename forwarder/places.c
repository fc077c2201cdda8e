#include "places.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_one(const struct place_words *words, int family, struct place *place) {
    char text[INET6_ADDRSTRLEN];
    int number = family == AF_INET6;
    uint16_t prefix = 0;
    union address *address = &place->of[number].address, *gateway = &place->of[number].gateway;
    if (strcmp(words->address, "-") == 0)
        return strcmp(words->gateway, "-") == 0 ? 0 : -1;
    const char *slash = strchr(words->address, '/');
    if (slash == NULL || slash - words->address >= (ptrdiff_t)sizeof text)
        return -1;
    snprintf(text, sizeof text, "%.*s", (int)(slash - words->address), words->address);
    if (parse_port(slash + 1, &prefix) < 0 || prefix > (number ? 128 : 32))
        return -1;
    place->of[number].prefix = prefix;
    if (parse_address(text, 0, address) == 0 || address->any.sa_family != family)
        return -1;
    if (strcmp(words->gateway, "-") == 0)
        return 0;
    return parse_address(words->gateway, 0, gateway) > 0 && gateway->any.sa_family == family ? 0
                                                                                             : -1;
}

int place_parse(const struct place_words words[2], struct place *place) {
    memset(place, 0, sizeof *place);
    if (parse_one(&words[0], AF_INET, place) == 0 && parse_one(&words[1], AF_INET6, place) == 0)
        return 0;
    errno = EINVAL;
    return -1;
}

static bool has(const struct place *place, int number) {
    return place->of[number].address.any.sa_family != 0;
}

bool place_kind(const struct place *place, int family, bool is_tcp, enum supply_kind *kind) {
    bool is_inet6 = has(place, 1) && (family == AF_INET6 || !has(place, 0));
    if (!is_inet6 && !has(place, 0))
        return false;
    if (is_tcp)
        *kind = is_inet6 ? SUPPLY_TCP6 : SUPPLY_TCP4;
    else
        *kind = is_inet6 ? SUPPLY_UDP6 : SUPPLY_UDP4;
    return true;
}

static int bind_to(int fd, const union address *address) {
    return bind(fd, &address->any, address_size(address));
}

/* With its port, so that a connection looks the same on both sides; with another if it is taken. */
static int bind_as_client(int fd, const union address *client) {
    const int on = 1;
    union address any_port = *client;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind_to(fd, client) == 0)
        return 0;
    set_port(&any_port, 0);
    return bind_to(fd, &any_port);
}

int place_bind(const struct place *place, int fd, const union address *client,
               union address *target) {
    int family = 0;
    socklen_t size = sizeof family;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0)
        return -1;
    int number = family == AF_INET6;
    const union address *address = &place->of[number].address;
    const union address *gateway = &place->of[number].gateway;
    *target = *address;
    /* to a neighbour it would answer past us */
    bool is_kept = client->any.sa_family == family && !is_local(client) &&
                   !is_within(client, address, place->of[number].prefix);
    if (is_kept && bind_as_client(fd, client) == 0)
        return 0;
    return gateway->any.sa_family == 0 ? 0 : bind_to(fd, gateway);
}
