#ifndef DVM_STAT_H
#define DVM_STAT_H

#include "container.h"
#include "wire.h"

/* Answers PROCESSES: one entry for each process of the container. */
void stat_processes(const struct container *container, struct writer *result);
/* Answers STATISTICS. */
void stat_container(const struct container *container, struct writer *result);
/* To be called when the agent begins. */
void stat_begin(void);
/* Answers BOOT. */
void stat_boot(struct writer *result);

#endif
