#pragma once

/* Requests that wait for a lock, and ending their wait. */

#include <stdint.h>

struct waiter;

/* Once, before any thread is: how an interrupted wait ends. */
void waiters_start(void);
/* A waiter for the request of this number, found by it from now on. NULL: no memory. */
struct waiter *waiter_new(uint64_t unique);
void waiter_free(struct waiter *waiter);
/* This thread is about to wait. 0, or -EINTR: it was interrupted already. */
int waiter_begin(struct waiter *waiter);
void waiter_end(struct waiter *waiter);
/* Ends a wait by EINTR: now, or when it begins. */
void waiter_interrupt(uint64_t unique);
