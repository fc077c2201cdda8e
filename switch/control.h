#ifndef DVM_SWITCH_CONTROL_H
#define DVM_SWITCH_CONTROL_H

/*
 * What a daemon says, in lines (guest/mux_lines.h).
 *
 *   network BRIDGE MTU ADDRESSES TRAITS
 *                            ok: there is this bridge, which has these addresses ("10.0.0.1/24",
 *                            between commas; "-" for none), and no others. TRAITS are "internal"
 *                            (nothing leaves it), "masquerade" (what leaves it has our address) and
 *                            "isolated" (its ports don't reach each other by us), between commas,
 *                            or "-"
 *   remove BRIDGE            ok: there is none, and none of its ports' rights
 *   attach TAP BRIDGE MAC ADDRESSES TRAITS
 *                            ok: what comes from this tap is taken if it has this MAC, and one of
 *                            these addresses, and goes to this bridge. TRAITS are "isolated" (it
 *                            reaches no other port of the bridge that is) and "host" (it may use
 *                            the addresses that stand for the host)
 *   detach TAP               ok: it is on no bridge, if it is there
 *   uplink ADDRESSES GATEWAYS
 *                            ok: the interface up0, which is here, has these addresses, and leads
 *                            to everything else
 *   pasta PROGRAM ADDRESS GATEWAY ADDRESS GATEWAY
 *                            ok: the interface up0 is made by PROGRAM, which is pasta(1), of IPv4
 *                            and, unless these are "-", IPv6; the gateways are the host, too
 *   hosts ADDRESSES          ok: these addresses stand for the host
 *   rules PATH               ok: the statements of nft(8) in this file hold, for tables of others
 *   list PATH                ok: the file holds the whole ruleset, as JSON
 *   ping                     ok
 *
 * In a path or program all but letters, digits and -._/ is written as %XX. What can't be done is
 * answered by "error NUMBER TEXT", NUMBER being an errno.
 */

/* Listens at `path`, for its owner only; -1 with errno. */
int control_open(const char *path);

#endif
