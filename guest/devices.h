#ifndef DVM_DEVICES_H
#define DVM_DEVICES_H

#include "agent.h"

/* What stands in a container's /dev, in the folder open at `dev` (O_PATH). */

/* Docker's devices and links. */
int devices_make(int dev, struct failure *failure);
/* Whether this is the name of a device among them. */
bool device_is_everyones(const char *name);
/* --privileged: all of the machine's but the channel to the host. */
void devices_add_machines(int dev);

#endif
