#ifndef DVM_SHARE_RELAY_H
#define DVM_SHARE_RELAY_H

#include "agent.h"

/*
 * Starts a child that carries FUSE messages, as <linux/fuse.h> draws them, between /dev/fuse and
 * the port of the host's file server, till the file system is unmounted or the server has gone:
 * then what is asked of the file system fails. It keeps descriptors of its own.
 */
int share_relay_start(int fuse, int port, struct failure *failure);

#endif
