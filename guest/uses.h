#ifndef DVM_USES_H
#define DVM_USES_H

#include "agent.h"
#include "wire.h"

/* Answers RECORD. */
int uses_record(struct reader *reader, struct writer *result, struct failure *failure);

#endif
