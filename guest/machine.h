#ifndef DVM_MACHINE_H
#define DVM_MACHINE_H

#include "agent.h"
#include "setup.h"

/* Entropy, then the clock: before anything else, as a clone has the random state of its siblings.
 */
int machine_apply(const struct machine_setup *setup, struct failure *failure);
/* The same for good: SET_UP, once. */
int machine_set_up(const struct machine_setup *setup, struct failure *failure);
/* SET_CLOCK; `behind` is told whether or not anything is done about it. */
int machine_correct_clock(const struct clock_setting *setting, uint64_t *behind,
                          struct failure *failure);
bool machine_is_set_up(void);

#endif
