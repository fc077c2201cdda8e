#ifndef DVM_CHILD_H
#define DVM_CHILD_H

#include "agent.h"
#include "stdio_pair.h"

/* What all children do that will run a program of the container. */

void child_reset_signals(void);
/* `stdio` becomes its descriptors 0 to 2, of a session of its own. */
int child_take_stdio(const struct stdio *stdio, bool tty, struct failure *failure);
/* Tells the agent why there is no program, and ends. */
void child_fail(const struct stdio *stdio, const struct failure *failure) __attribute__((noreturn));

#endif
