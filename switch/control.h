#ifndef DVM_SWITCH_CONTROL_H
#define DVM_SWITCH_CONTROL_H

/*
 * What a daemon says, on a Unix socket. A line is a request, with its words between single spaces;
 * each is answered by a line, in order. Any number of connections may be open.
 *
 *   network BRIDGE MTU ADDRESSES TRAITS
 *                            ok: there is this bridge, which has these addresses ("10.0.0.1/24",
 *                            between commas; "-" for none), and no others. TRAITS are "internal"
 *                            (nothing leaves it) and "masquerade" (what leaves has our address),
 *                            between commas, or "-"
 *   remove BRIDGE            ok: there is none, and none of its ports' rights
 *   attach TAP BRIDGE MAC ADDRESSES TRAITS
 *                            ok: what comes from this tap is taken if it has this MAC, and one of
 *                            these addresses, and goes to this bridge. TRAITS are "isolated" (it
 *                            reaches no other port of the bridge that is) and "host" (it may use
 *                            the address that stands for the host)
 *   detach TAP               ok: it is on no bridge, if it is there
 *   ping                     ok
 *
 * What can't be done is answered by "error NUMBER TEXT", NUMBER being an errno.
 */

/* Listens at `path`, for its owner only; -1 with errno. */
int control_open(const char *path);

#endif
