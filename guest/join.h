#ifndef DVM_JOIN_H
#define DVM_JOIN_H

#include <sys/types.h>

#include "agent.h"
#include "confinement.h"
#include "place.h"
#include "stdio_pair.h"

/* A container to join: its first process has these namespaces. */
struct joined {
    const struct place *place;
    pid_t first;
    int network; /* open namespace; -1: the machine's */
    const struct system_call_filter *filter;
};

/* Starts a further process in a container; its pid, or -1. */
pid_t join_container(const struct joined *joined, const struct process_spec *spec,
                     const struct stdio *stdio, struct failure *failure);

#endif
