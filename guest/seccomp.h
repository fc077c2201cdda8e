#ifndef DVM_SECCOMP_H
#define DVM_SECCOMP_H

#include "agent.h"
#include "confinement.h"

/*
 * Has the kernel judge what this process, and those that it makes, call of it. A kernel without
 * seccomp goes without, unless the filter is required.
 */
int seccomp_enter(const struct system_call_filter *filter, struct failure *failure);

#endif
