#ifndef DVM_PROCESS_SIGNAL_H
#define DVM_PROCESS_SIGNAL_H

#include "process.h"

/*
 * Sends a signal. The first process of a container gets none that it does not catch: the kernel
 * drops those. One that has just been started may not have come to that, by emulation for seconds,
 * so for its first moments such a signal waits until it does.
 */
int process_signal(struct process *process, int number, struct failure *failure);

#endif
