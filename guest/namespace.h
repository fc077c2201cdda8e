#ifndef DVM_NAMESPACE_H
#define DVM_NAMESPACE_H

#include "agent.h"

/* A network namespace. */
struct namespace {
    bool is_other; /* not the machine's own */
    int descriptor;
};

#define NAMESPACE_OF_MACHINE ((struct namespace){.descriptor = -1})

/* A new one, its loopback down. */
int namespace_make(struct namespace *namespace, struct failure *failure);
void namespace_close(struct namespace *namespace);
/* To move cards to it. */
int namespace_target(const struct namespace *namespace);

/* The agent itself goes into it, and back. */
int namespace_enter(const struct namespace *namespace, struct failure *failure);
void namespace_leave(const struct namespace *namespace);

#endif
