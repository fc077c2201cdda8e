#ifndef DVM_SWITCH_RULESET_H
#define DVM_SWITCH_RULESET_H

/*
 * Statements of nft(8) that make our tables anew. Which bridges and taps there are, and what they
 * may, is in sets, by elements.h.
 */
extern const char ruleset_of_taps[];
extern const char ruleset_of_routes[];

/* What the ruleset marks packets with that are for sockets in here, whomever they are addressed to.
 */
#define MARK_OURS 1u

#endif
