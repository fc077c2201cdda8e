#ifndef DVM_STAND_BY_H
#define DVM_STAND_BY_H

#include <sys/types.h>

#include "agent.h"
#include "process.h"

/*
 * The container's first process, made before anybody knows what it will run: a fork that waits
 * inside its own namespaces, and is told the rest through a socket. A saved machine holds it.
 */
int stand_by_make(struct failure *failure);
/* Lets it go into its root, which is there. */
int stand_by_enter(struct failure *failure);
/* Hands it the SET_UP that it shall follow. */
int stand_by_set_up(const uint8_t *bytes, size_t count, struct failure *failure);
/* Has a child of it do what START would have it do, as a rehearsal. */
int stand_by_rehearse(const struct process_spec *spec, const struct stdio *stdio,
                      struct failure *failure);
/* Hands it its START and its descriptors, and lets it go on; its pid, or -1. */
pid_t stand_by_start(const struct process_spec *spec, const struct stdio *stdio,
                     struct failure *failure);

/* Ends it, if it still waits: no container comes any more. */
void stand_by_end(void);

#endif
