#ifndef DVM_CONTAINER_H
#define DVM_CONTAINER_H

#include "agent.h"
#include "confinement.h"
#include "etc.h"
#include "first_process.h"
#include "network.h"
#include "place.h"
#include "root.h"

/* The table of containers. */

#define CONTAINERS_MAX 32u

struct container {
    bool is_used;
    bool is_prepared;          /* by PREPARE, for the first one to come */
    char id[DVM_NAME_MAX + 1]; /* "": of one that isn't made, or could not be taken away */
    struct place place;
    struct root root;
    struct etc etc;
    struct first_process first;
    struct network *network;
    struct system_call_filter filter; /* of all of its processes; the bytes are its own */
    unsigned long memory_kills;       /* that were told of */
    struct source memory;             /* of events of that kind */
    unsigned long memory_kills_seen;
    bool has_memory_news;
    uint64_t started_ms;    /* its first process, since boot */
    unsigned looks_left;    /* until it counts as settled */
    struct source deadline; /* of its ending */
    bool is_ending;
    uint32_t destroy_request; /* to be answered when it has gone; 0: nobody waits */
};

/* The one in this slot; NULL: there is none. */
struct container *container_at(unsigned slot);
/* By id; also fills in `failure` when there is none. */
struct container *container_find(const char *id, struct failure *failure);
enum container_state container_state(const struct container *container);

/*
 * One more, up to its first process, which waits: its cgroup, its namespaces, what its root needs
 * beside its disks. NULL: there are too many, or it can't be made.
 */
struct container *container_make(const char *network, const struct first_company *company,
                                 struct failure *failure);
/* For those that EXEC starts later. */
int container_keep_filter(struct container *container, const struct system_call_filter *filter,
                          struct failure *failure);
/* Takes everything of it away; its processes have gone. Again after a failure: goes on with it. */
int container_free(struct container *container, struct failure *failure);
/* Does so with one whose first process is still waiting, and which the host doesn't know. */
void container_discard(struct container *container);
/* Whether a process was killed for want of memory since this was last asked. */
bool container_ran_out_of_memory(struct container *container);

#endif
