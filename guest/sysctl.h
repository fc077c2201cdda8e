#ifndef DVM_SYSCTL_H
#define DVM_SYSCTL_H

#include "agent.h"

/* Name, value, name, value, ... NULL, for the namespaces that the caller is in. */
int sysctls_set(char **pair, struct failure *failure);

#endif
