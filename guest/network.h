#ifndef DVM_NETWORK_H
#define DVM_NETWORK_H

#include "agent.h"
#include "setup.h"

/*
 * Network namespaces that containers are in; "" is the machine's own. Cards that no container has
 * are in one that none is in, as far as the kernel has namespaces.
 */
struct network;

/* The namespace of this name, made with its loopback up if it isn't there; counts one user more. */
struct network *network_take(const char *name, struct failure *failure);
/*
 * One user less; after the last the namespace goes, and its cards are nobody's. `was_used`:
 * programs ran in it, that may have changed them.
 */
void network_release(struct network *network, bool was_used);

/* Sets cards up in it: for its first user. What a card has already it is not given again. */
int network_add_cards(struct network *network, const struct card_setup *cards, size_t count,
                      struct failure *failure);
/* Puts a card into it, whoever uses it, or sets one of its own up anew. */
int network_attach_card(struct network *network, const struct card_setup *setup,
                        struct failure *failure);
/* Takes a card out of it again, if it is there. */
int network_detach_card(struct network *network, unsigned index, struct failure *failure);
/* A descriptor to enter it by; -1: it is the machine's, where all are that enter nothing. */
int network_descriptor(const struct network *network);

/* The agent itself goes into the namespace, and back. */
int network_enter(const struct network *network, struct failure *failure);
void network_leave(const struct network *network);

#endif
