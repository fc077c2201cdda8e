#ifndef DVM_FIRST_LIFE_H
#define DVM_FIRST_LIFE_H

#include "place.h"

/*
 * The life of a container's first process, a fork of the agent: it waits inside namespaces of its
 * own for the agent's orders through `socket`, until one of them makes it the container's program.
 */
void first_life(const struct place *place, int socket) __attribute__((noreturn));

#endif
