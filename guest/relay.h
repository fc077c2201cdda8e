#ifndef DVM_RELAY_H
#define DVM_RELAY_H

#include "mux.h"

/*
 * A container's resolver, as far as it is in the machine: takes DNS queries at 127.0.0.11, by UDP
 * and TCP, and brings them to the host, which answers, or names servers that are to be asked from
 * here. One in the connector for each container that has one. Host and relay say to each other:
 *
 *   0        2      3         4       8          8+16*servers
 *   +--------+------+---------+-------+----------+-------------+
 *   | length | kind | servers |  tag  | servers  | DNS message |   big endian
 *   |  u16   |  u8  |   u8    |  u32  | 16 bytes |   length    |
 *   +--------+------+---------+-------+----------+-------------+
 *
 * An answer has the tag of its query. RELAY_ASK has no message.
 */

enum relay_kind { RELAY_BY_UDP = 1, RELAY_BY_TCP = 2, RELAY_ANSWER = 3, RELAY_ASK = 4 };
#define RELAY_HEADER_SIZE 8u

struct relay_setup {
    unsigned slot;
    const void *owner;                      /* of the connection to the host */
    int datagrams;                          /* a bound socket; owned */
    int listener;                           /* owned */
    int namespace;                          /* where both are; -1: where the process is; owned */
    uint8_t wanted[CONNECTION_CONTROL_MAX]; /* who answers on the host, as OPEN says it */
    size_t wanted_count;
};

/* -1 with errno: all is closed. */
int relay_open(const struct relay_setup *setup);
/* The one in this slot, if there is one. */
void relay_close(unsigned slot);

#endif
