#ifndef DVM_FORWARDER_CONTROL_H
#define DVM_FORWARDER_CONTROL_H

/*
 * What a daemon says, on a Unix socket. A line is a request, with its words between single spaces;
 * each is answered by a line, in order. Any number of connections may be open.
 *
 *   listen OWNER ADDRESS PORT GUEST-ADDRESS GUEST-PORT CLIENT-ADDRESS
 *                            ok PORT: connections to this port of the host go to the guest's, which
 *                            takes CLIENT-ADDRESS for who connects. Port 0 is any that is free
 *   grant OWNER NAME PATH    ok: the guest may connect to the socket at PATH, by NAME. In PATH all
 *                            but letters, digits and -._/ is written as %XX
 *   release OWNER            ok: all of his ports are closed, his grants void, his connections
 * broken ping                     ok
 *
 * What can't be done is answered by "error NUMBER TEXT", NUMBER being an errno.
 */

/* Listens at `path`, for its owner only; -1 with errno. */
int control_open(const char *path);

#endif
