#include "addresses.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

int parse_port(const char *text, uint16_t *port) {
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || number > 65535)
        return -1;
    *port = (uint16_t)number;
    return 0;
}

socklen_t parse_address(const char *text, uint16_t port, union address *address) {
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &address->inet.sin_addr) == 1)
        address->inet.sin_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &address->inet6.sin6_addr) == 1)
        address->inet6.sin6_family = AF_INET6;
    else
        return 0;
    set_port(address, port);
    return address_size(address);
}

socklen_t address_size(const union address *address) {
    return address->any.sa_family == AF_INET6 ? sizeof address->inet6 : sizeof address->inet;
}

uint16_t port_of(const union address *address) {
    return ntohs(address->any.sa_family == AF_INET6 ? address->inet6.sin6_port
                                                    : address->inet.sin_port);
}

void set_port(union address *address, uint16_t port) {
    if (address->any.sa_family == AF_INET6)
        address->inet6.sin6_port = htons(port);
    else
        address->inet.sin_port = htons(port);
}

bool is_unspecified(const union address *address) {
    if (address->any.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&address->inet6.sin6_addr);
    return address->inet.sin_addr.s_addr == 0;
}

bool is_local(const union address *address) {
    if (address->any.sa_family == AF_INET6) {
        const struct in6_addr *inet6 = &address->inet6.sin6_addr;
        return IN6_IS_ADDR_LOOPBACK(inet6) || IN6_IS_ADDR_LINKLOCAL(inet6) ||
               IN6_IS_ADDR_V4MAPPED(inet6) || is_unspecified(address);
    }
    uint32_t number = ntohl(address->inet.sin_addr.s_addr);
    return number >> 24 == 127 || number >> 16 == 0xa9fe || number == 0;
}

bool is_within(const union address *address, const union address *network, unsigned prefix) {
    if (address->any.sa_family != network->any.sa_family)
        return false;
    bool is_inet6 = address->any.sa_family == AF_INET6;
    const uint8_t *one =
        is_inet6 ? address->inet6.sin6_addr.s6_addr : (const uint8_t *)&address->inet.sin_addr;
    const uint8_t *other =
        is_inet6 ? network->inet6.sin6_addr.s6_addr : (const uint8_t *)&network->inet.sin_addr;
    unsigned whole = prefix / 8, rest = prefix % 8;
    if (memcmp(one, other, whole) != 0)
        return false;
    return rest == 0 || (one[whole] ^ other[whole]) >> (8 - rest) == 0;
}
