#ifndef DVM_DEVICE_RULES_H
#define DVM_DEVICE_RULES_H

#include "agent.h"
#include "confinement.h"
#include "place.h"

/*
 * Has the kernel refuse a container's processes all devices but those that a rule names. A kernel
 * without programs for cgroups goes without.
 */
int device_rules_set(const struct place *place, const struct device_rules *rules,
                     struct failure *failure);

#endif
