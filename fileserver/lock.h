#pragma once

/*
 * Locks that hold between machines, and against the host's own programs. flock: on the handle's own
 * descriptor. POSIX: on a descriptor for each owner of locks in a file (F_OFD_SETLK), which goes
 * when the owner closes the file.
 */

#include <stdint.h>

#include "node.h"
#include "request.h"

/* A request that may wait: from now on it can be interrupted. 0, or -errno. */
int lock_announce(struct request *request);
/* Ends the wait of the request with this number, if it waits. */
void lock_interrupt(uint64_t unique);
void lock_forget_waiter(struct waiter *waiter);
/* A handle is about to go: lets its locks go. */
void lock_release(struct request *request);
/* All of an owner's POSIX locks in a file. */
void locks_drop_owner(struct node *node, uint64_t owner);
/* All POSIX locks that were last set through this handle. */
void locks_drop_handle(struct node *node, uint64_t handle);
