#pragma once

/*
 * The conversation with one guest: a stream of FUSE messages, each as long as its header says.
 * Workers take turns at reading: who has read a message lets the next one read, and answers.
 */

#include <stddef.h>
#include <stdint.h>

/* Talks over a connected socket till it ends, then ends the process. */
_Noreturn void session_run(int fd);
/* Sends what is no answer, whole. */
void session_tell(void *message, size_t size);
/* While a worker waits for a lock it is none of the workers that the pool may have. 0, or -errno.
 */
int session_begin_wait(void);
void session_end_wait(void);
