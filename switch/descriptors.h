#ifndef DVM_SWITCH_DESCRIPTORS_H
#define DVM_SWITCH_DESCRIPTORS_H

/*
 * What other programs of this user get out of the namespace, on a Unix socket of messages. Each is
 * a request without a newline, and is answered by one: "ok" with a descriptor, or
 * "error NUMBER TEXT", NUMBER being an errno.
 *
 *   tap NAME        a new TAP interface, on no bridge; it goes with the last copy of the
 * descriptor. Packets have a header of virtio-net socket KIND     tcp4, tcp6, udp4, udp6, icmp4 or
 * icmp6. It may be bound to, and receive for, any address namespace       the network namespace
 * itself
 */

/* Listens at `path`; -1 with errno. */
int descriptors_open(const char *path);

#endif
