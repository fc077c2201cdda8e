#ifndef DVM_CARD_H
#define DVM_CARD_H

#include "agent.h"

/* Network cards, in the network namespace that the caller is in. */

#define CARD_NAME_MAX 16 /* IFNAMSIZ */

/* How many cards the machine has, wherever they are. */
unsigned card_count(void);
/*
 * The name of the machine's card number `index`, in the namespace of who mounted /sys; waits a
 * while for it to appear.
 */
int card_find(unsigned index, char name[CARD_NAME_MAX], struct failure *failure);
int card_start_loopback(struct failure *failure);
/*
 * Moves an interface into the network namespace open at `namespace`, where it gets another name;
 * what it was given is lost.
 */
int card_move(int link, int namespace, const char *new_name, struct failure *failure);
/* Another name in its namespace. */
int card_rename(int link, const char *new_name, struct failure *failure);
/* Starts or stops it; `netlink`: netlink_open(). */
int card_set_flag(int netlink, int link, bool is_up, struct failure *failure);

#endif
