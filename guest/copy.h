#ifndef DVM_COPY_H
#define DVM_COPY_H

#include "agent.h"

/* Fills an empty volume with what the image has there. */
int copy_tree(int from, int to, struct failure *failure);

#endif
