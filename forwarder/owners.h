#ifndef DVM_FORWARDER_OWNERS_H
#define DVM_FORWARDER_OWNERS_H

#include "connections.h"
#include "places.h"

/* Who ports are opened for and sockets are granted to: containers, by the daemon's names. */

struct owner {
    char name[CONNECTION_NAME_MAX + 1];
    struct place place; /* where his ports lead to through the switch */
    struct owner *next;
};

/* The one of this name, made if there is none; NULL: it is no name, or there is no memory. */
const struct owner *owner_make(const char *name);
/* NULL: there is none. */
const struct owner *owner_find(const char *name);
/* Leads what comes from now on there. */
void owner_lead(const struct owner *owner, const struct place *place);
/* What is his has been given up. */
void owner_free(const struct owner *owner);

#endif
