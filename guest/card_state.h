#ifndef DVM_CARD_STATE_H
#define DVM_CARD_STATE_H

#include "address.h"
#include "setup.h"

#define CARD_ADDRESSES_MAX 8u
#define CARD_GATEWAYS_MAX 2u

/* What a card was given, so that it needs not be given again, and can be taken away. */
struct card_state {
    struct address addresses[CARD_ADDRESSES_MAX];
    struct address gateways[CARD_GATEWAYS_MAX];
    size_t address_count;
    size_t gateway_count;
    bool is_up;
};

/*
 * Gives the interface of number `link`, which is in the caller's network namespace, what `setup`
 * says, and takes away what else it had.
 */
int card_configure(int link, struct card_state *state, const struct card_setup *setup,
                   struct failure *failure);
/* Takes all away that it was given, and stops it. */
int card_clear(int link, struct card_state *state, struct failure *failure);

#endif
