#ifndef DVM_CARD_H
#define DVM_CARD_H

#include "agent.h"

/* Network cards, in the network namespace that the caller is in. */

#define CARD_NAME_MAX 16 /* IFNAMSIZ */

/* The name of the machine's card number `index`; waits a while for it to appear. */
int card_find(unsigned index, char name[CARD_NAME_MAX], struct failure *failure);
int card_start_loopback(struct failure *failure);
/* Starts a card that has `address`, "a.b.c.d/bits"; `gateway` may be "". */
int card_start(const char *name, const char *address, const char *gateway, struct failure *failure);
/* "xx:xx:xx:xx:xx:xx" */
int card_set_mac(const char *name, const char *text, struct failure *failure);
/* Moves a card into the network namespace open at `namespace`, where it gets another name. */
int card_move(const char *name, int namespace, const char *new_name, struct failure *failure);

#endif
