#ifndef DVM_ADDED_DEVICE_H
#define DVM_ADDED_DEVICE_H

#include "agent.h"
#include "confinement.h"

/* Makes one of the machine's devices, or all of a folder, in a container's root; adds its rule. */
int device_add(int root, const struct device_setup *device, struct device_rules *rules,
               struct failure *failure);

#endif
