#ifndef DVM_PROBE_H
#define DVM_PROBE_H

#include "container.h"
#include "process_spec.h"

/* One run of a health check's program in a container. */

struct probe {
    pid_t pid; /* 0: none runs */
    bool is_started;
    bool has_failed; /* its program could not be run: the text says why */
    bool is_cut;     /* it wrote more than is kept */
    size_t used;
    char text[DVM_PROBE_OUTPUT_MAX];
    struct source output;
    struct source failure;
    void (*started)(struct probe *probe);
};

/* Starts it; `started` is called when its program runs. */
int probe_begin(struct probe *probe, struct container *container, const struct process_spec *spec,
                struct failure *failure);
void probe_kill(struct probe *probe);
/* It was reaped: what it wrote is there. */
void probe_ended(struct probe *probe);

#endif
