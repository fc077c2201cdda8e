#ifndef DVM_REHEARSE_H
#define DVM_REHEARSE_H

#include "agent.h"
#include "wire.h"

/*
 * REHEARSE: goes through SET_UP, CREATE and START with what PREPARE made, as far as nothing stays
 * of them: the kernel then has at hand what it reads of the image for that, and an emulated
 * processor its translation of the code.
 */
int machine_rehearse(struct reader *reader, struct failure *failure);

#endif
