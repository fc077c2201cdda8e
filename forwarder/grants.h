#ifndef DVM_FORWARDER_GRANTS_H
#define DVM_FORWARDER_GRANTS_H

#include "mux.h"
#include "owners.h"

/* Unix sockets of the host that the guest may be connected to. It knows them by name only. */

/* -1 with errno. */
int grant_add(const struct owner *owner, const char *name, const char *path);
void grants_end(const struct owner *owner);
/* As mux_side.find: -1 for whatever was not granted. */
int grant_find(const uint8_t *wanted, size_t count, struct mux_target *target);

#endif
