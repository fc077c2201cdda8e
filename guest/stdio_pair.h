#ifndef DVM_STDIO_PAIR_H
#define DVM_STDIO_PAIR_H

#include "agent.h"
#include "process_spec.h"

/* The ends of a process's stdio that the process itself gets. */
struct stdio {
    int fds[3];
    int failure_fd; /* takes one struct failure, or is closed by a successful exec */
    int terminal_number;
};

/* Both sides of a new process's stdin, stdout and stderr; what is -1 isn't there. */
struct stdio_pair {
    int agent[3];
    int failure_read;
    struct stdio child;
};

#define STDIO_PAIR_NONE ((struct stdio_pair){{-1, -1, -1}, -1, {{-1, -1, -1}, -1, -1}})

/* A terminal comes from the container whose tree is at `root`, so that it has a name there. */
int stdio_pair_open(struct stdio_pair *pair, const struct process_spec *spec, const char *root,
                    struct failure *failure);
enum telling { TELLING_LATER, TELLING_NOTHING, TELLING_FAILURE };
/* Reads what a child says by its failure_fd, and closes the source: nothing means that its program
 * runs. */
enum telling failure_take(struct source *source, struct failure *failure);
/* What the child has got. */
void stdio_close(struct stdio *stdio);
void stdio_pair_close(struct stdio_pair *pair);

#endif
