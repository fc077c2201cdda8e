#ifndef DVM_FIRST_LIFE_H
#define DVM_FIRST_LIFE_H

#include "place.h"

/*
 * The life of a container's first process, a fork of the agent: it waits inside namespaces of its
 * own for the agent's orders through `socket`, until one of them makes it the container's program.
 * `ipc`: another container's namespace, open, that it shares; -1: it has one of its own.
 */
void first_life(const struct place *place, int socket, int ipc) __attribute__((noreturn));

#endif
