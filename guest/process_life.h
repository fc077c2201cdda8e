#ifndef DVM_PROCESS_LIFE_H
#define DVM_PROCESS_LIFE_H

#include "process.h"
#include "process_spec.h"
#include "stdio_pair.h"

/* From a process's making to its end. */

/*
 * One of the container in `slot`, whose tree is at `root`, with its streams open; `pair->child` is
 * for the one who will be it. Request `id` is answered when the program runs, or could not be run.
 */
struct process *process_make(const struct process_spec *spec, unsigned slot, const char *root,
                             uint32_t id, struct stdio_pair *pair, struct failure *failure);
/* Who it is, after the fork; -1: what went wrong in place of it is in `failure`. */
int process_begin(struct process *process, pid_t pid);
/* What docker calls an exit code, of a status of waitpid(). */
uint32_t process_exit_code(int status);
/* It was reaped. */
void process_ended(struct process *process, uint32_t exit_code, bool out_of_memory);

#endif
