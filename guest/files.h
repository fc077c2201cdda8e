#ifndef DVM_FILES_H
#define DVM_FILES_H

#include "agent.h"
#include "wire.h"

/* FILES: starts a child that moves files in or out; request `id` is answered when it begins. */
int files_start(struct reader *reader, uint32_t id, struct failure *failure);

#endif
