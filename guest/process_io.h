#ifndef DVM_PROCESS_IO_H
#define DVM_PROCESS_IO_H

#include "frame.h"
#include "process.h"
#include "wire.h"

/* Processes and the channel: what passes between both, in this conversation or the next. */

/* DATA, ACK or END of one of their streams. */
void processes_take_frame(const struct frame *frame);
/* Sends what there is to send of them all, as long as there is room. */
void processes_pump(void);
/* The conversation is over. */
void processes_detach(void);
/* Those of a container that goes: the host is told how they ended, and they are forgotten. */
void processes_forget(unsigned slot);
/* Attaches all and tells about them; `places`: of their containers in the answer, by slot. */
void processes_resume(struct writer *result, const uint32_t *places);

#endif
