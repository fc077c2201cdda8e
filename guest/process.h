#ifndef DVM_PROCESS_H
#define DVM_PROCESS_H

#include <sys/types.h>

#include "agent.h"
#include "stream.h"

/* The table of processes that the host knows, of all containers. */

#define PROCESS_LIMIT 512u

struct process {
    struct process *next;
    uint32_t id;
    pid_t pid;
    unsigned slot; /* of its container */
    bool is_main;
    bool tty;
    bool wants_stdin;
    bool attached; /* the host of this conversation knows it */
    bool exited;
    bool exit_sent;
    bool out_of_memory;
    uint32_t exit_code;
    uint32_t start_request; /* to be answered when exec has worked or failed; 0: nobody waits */
    struct source failure;
    bool started;
    uint64_t started_ms;    /* since boot */
    uint64_t held;          /* signals for it that wait, by bits from 1 on */
    struct source held_for; /* so long */
    struct input input;
    struct output output[2];
};

/* One with nothing in it yet, or NULL: there are too many, or memory is short. */
struct process *process_add(struct failure *failure);
void process_free(struct process *process);
/* Forgets one that has ended. */
void process_release(struct process *process);

/* The first of all, which `next` leads on from. */
struct process *processes_first(void);
struct process *process_find(uint32_t id);
/* The one that runs with this pid. */
struct process *process_of_pid(pid_t pid);

int process_resize(struct process *process, uint32_t rows, uint32_t columns,
                   struct failure *failure);

/* Of one container. */
void processes_kill(unsigned slot);
bool processes_run(unsigned slot);

#endif
