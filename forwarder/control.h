#ifndef DVM_FORWARDER_CONTROL_H
#define DVM_FORWARDER_CONTROL_H

/*
 * What a daemon says, in lines (guest/mux_lines.h).
 *
 *   listen OWNER ADDRESS PORT GUEST-ADDRESS GUEST-PORT CLIENT-ADDRESS
 *                            ok PORT: connections to this port of the host go to the guest's, which
 *                            takes CLIENT-ADDRESS for who connects. Port 0 is any that is free
 *   lead OWNER ADDRESS GATEWAY ADDRESS GATEWAY
 *                            ok: where the owner's container is, by IPv4 and IPv6, with the prefix
 *                            of its network; clients whose address it can't be shown are the
 *                            gateway to it. "-" for none. What led elsewhere breaks
 *   publish OWNER PROTOCOL ADDRESS PORT GUEST-PORT
 *                            ok PORT: this port of the host, of tcp or udp, leads there through
 *                            the switch; so does the switch's, if it is one of all addresses
 *   unpublish OWNER PROTOCOL ADDRESS PORT GUEST-PORT
 *                            ok: it is closed
 *   withdraw OWNER           ok: all that he has published is, and its connections broken
 *   grant OWNER NAME PATH    ok: the guest may connect to the socket at PATH, by NAME. In PATH all
 *                            but letters, digits and -._/ is written as %XX
 *   release OWNER            ok: all of his ports are closed, his grants void, his connections
 *                            broken
 *   ping                     ok
 *
 * What can't be done is answered by "error NUMBER TEXT", NUMBER being an errno.
 */

/* Listens at `path`, for its owner only; -1 with errno. */
int control_open(const char *path);

#endif
