#ifndef DVM_STDIO_PAIR_H
#define DVM_STDIO_PAIR_H

#include "process.h"

/* Both sides of a new process's stdin, stdout and stderr; what is -1 isn't there. */
struct stdio_pair {
    int agent[3];
    int failure_read;
    struct stdio child;
};

#define STDIO_PAIR_NONE ((struct stdio_pair){{-1, -1, -1}, -1, {{-1, -1, -1}, -1, -1}})

int stdio_pair_open(struct stdio_pair *pair, const struct process_spec *spec,
                    struct failure *failure);
void stdio_pair_close(struct stdio_pair *pair);

#endif
