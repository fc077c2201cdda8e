#ifndef DVM_DEFAULTS_H
#define DVM_DEFAULTS_H

/*
 * What a container finds when nothing else was asked for: the limits that Docker's containers have
 * on a large host, whatever memory the machine has. All of them are bounds: none costs memory.
 */

/* Once, at boot: the kernel's limits, and those that every process inherits. */
void defaults_set_machine(void);
/* Of the network namespace that the agent is in. */
void defaults_set_network(void);

#endif
