#ifndef DVM_EXECUTE_H
#define DVM_EXECUTE_H

#include "agent.h"
#include "process_spec.h"

/*
 * The last steps before a program of the image runs: user, rights, folder, then the program;
 * returns only after a failure. A rehearsal changes nothing, and runs a program of the agent's in
 * the end.
 */
int execute(const struct process_spec *spec, bool is_rehearsal, struct failure *failure);

#endif
