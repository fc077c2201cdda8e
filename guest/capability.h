#ifndef DVM_CAPABILITY_H
#define DVM_CAPABILITY_H

#include "agent.h"

/* Takes all capabilities outside `mask` from the bounding set; needs CAP_SETPCAP. */
int capabilities_bound(uint64_t mask, struct failure *failure);
/* Sets effective and permitted to `mask`, inheritable and ambient to nothing. */
int capabilities_set(uint64_t mask, struct failure *failure);
/* Those that this kernel knows. */
uint64_t capabilities_known(void);

#endif
