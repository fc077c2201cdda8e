#ifndef DVM_CARDS_H
#define DVM_CARDS_H

#include "address.h"
#include "namespace.h"
#include "setup.h"

/*
 * The machine's cards, and which namespace's each is. Those that are nobody's are put into a
 * namespace where nobody sees them, as far as the kernel has namespaces.
 */

/* Puts cards into a namespace and sets them up, and has nobody's out of the machine's own. */
int cards_take(struct namespace *into, const struct card_setup *setups, size_t count,
               struct failure *failure);
/* Takes a card out of it, if it is there. */
int cards_drop(struct namespace *from, unsigned index, struct failure *failure);
/* Takes all out, as it is given up. `was_used`: programs ran in it, that may have changed them. */
void cards_release(struct namespace *from, bool was_used);

#endif
