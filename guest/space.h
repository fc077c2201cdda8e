#ifndef DVM_SPACE_H
#define DVM_SPACE_H

#include "agent.h"
#include "root.h"

/*
 * Has a container's own disk take only so many bytes more, though it seems to have plenty: behind
 * it is a sparse file on a host whose disk is nearly full. Who writes more gets ENOSPC. UINT64_MAX:
 * as many as it has.
 */
int space_limit(const struct root *root, uint64_t bytes, struct failure *failure);

#endif
