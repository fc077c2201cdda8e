#ifndef DVM_FIRST_PROCESS_H
#define DVM_FIRST_PROCESS_H

#include <sys/types.h>

#include "agent.h"
#include "place.h"
#include "stdio_pair.h"

/*
 * A container's first process, made before anybody knows what it will run: a fork that waits inside
 * its own namespaces, and is told the rest through a socket. A saved machine holds one.
 */
struct first_process {
    int socket; /* -1: it is told nothing more */
    pid_t pid;  /* 0: there is none, or it has ended */
    bool is_set_up;
    bool is_started;
};

/* First processes of other containers whose namespaces it is to share; 0: it has one of its own. */
struct first_company {
    pid_t pid;
    pid_t ipc;
};

/* In the agent's network namespace. */
int first_process_make(struct first_process *first, const struct place *place,
                       const struct first_company *company, struct failure *failure);
/* Lets it go into its root, which is there. */
int first_process_enter(struct first_process *first, struct failure *failure);
/* Hands it the CREATE that it shall follow; a rehearsal's no container shall start with. */
int first_process_set_up(struct first_process *first, const uint8_t *bytes, size_t count,
                         bool is_rehearsal, struct failure *failure);
/* Has a child of it do what START would have it do, as a rehearsal. */
int first_process_rehearse(struct first_process *first, const struct process_spec *spec,
                           const struct stdio *stdio, struct failure *failure);
/* Hands it its START and its descriptors, and lets it go on; its pid, or -1. */
pid_t first_process_start(struct first_process *first, const struct process_spec *spec,
                          const struct stdio *stdio, struct failure *failure);
/* Kills it, started or not; who reaps it tells first_process_ended(). */
void first_process_kill(struct first_process *first);
void first_process_ended(struct first_process *first);

#endif
