#ifndef DVM_REAPER_H
#define DVM_REAPER_H

#include "agent.h"
#include "confinement.h"
#include "process_spec.h"

/*
 * `docker run --init`: runs the program in a child, passes signals on to it, reaps what nobody
 * waits for, and exits with the child's code. Returns only after a failure.
 */
int execute_under_reaper(const struct process_spec *spec, const struct system_call_filter *filter,
                         struct failure *failure);

#endif
