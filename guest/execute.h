#ifndef DVM_EXECUTE_H
#define DVM_EXECUTE_H

#include "agent.h"
#include "confinement.h"
#include "process_spec.h"

/* Makes a container's working folder as Docker does: as root, where it is not there. */
int execute_make_folder(const struct process_spec *spec, struct failure *failure);

/*
 * The last steps before a program of the image runs: user, rights, folder, then the program,
 * whose system calls the filter judges; returns only after a failure. A rehearsal changes nothing,
 * and runs a program of the agent's in the end.
 */
int execute(const struct process_spec *spec, const struct system_call_filter *filter,
            bool is_rehearsal, struct failure *failure);

#endif
