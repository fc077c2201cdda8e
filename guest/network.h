#ifndef DVM_NETWORK_H
#define DVM_NETWORK_H

#include "agent.h"
#include "setup.h"

/* A network namespace that containers are in; "" is the machine's own. */
struct network;

/* The namespace of this name, made with its loopback up if it isn't there; counts one user more. */
struct network *network_take(const char *name, struct failure *failure);
/* One user less; after the last the namespace goes, and its cards return to the machine's. */
void network_release(struct network *network);

/* Sets cards up in it: for its first user. What a card has already it is not given again. */
int network_add_cards(struct network *network, const struct card_setup *cards, size_t count,
                      struct failure *failure);
/* The address of its first card with the prefix; "": it has none. */
const char *network_address(const struct network *network);
/* A descriptor to enter it by; -1: it is the machine's, where all are that enter nothing. */
int network_descriptor(const struct network *network);

/* The agent itself goes into the namespace, and back. */
int network_enter(const struct network *network, struct failure *failure);
void network_leave(const struct network *network);

#endif
