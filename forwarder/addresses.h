#ifndef DVM_FORWARDER_ADDRESSES_H
#define DVM_FORWARDER_ADDRESSES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Addresses of IPv4 and IPv6, with their ports. */

union address {
    struct sockaddr any;
    struct sockaddr_in inet;
    struct sockaddr_in6 inet6;
    struct sockaddr_storage storage;
};

/* -1: it is no port. */
int parse_port(const char *text, uint16_t *port);
/* Gives the length of the address; 0: it is none. */
socklen_t parse_address(const char *text, uint16_t port, union address *address);
socklen_t address_size(const union address *address);
uint16_t port_of(const union address *address);
void set_port(union address *address, uint16_t port);
/* 0.0.0.0 or :: */
bool is_unspecified(const union address *address);
/* It is good for its own host or its own link only. */
bool is_local(const union address *address);
/* Whether the first `prefix` bits of two are the same. */
bool is_within(const union address *address, const union address *network, unsigned prefix);

#endif
