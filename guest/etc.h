#ifndef DVM_ETC_H
#define DVM_ETC_H

#include "agent.h"
#include "place.h"
#include "setup.h"

/* The agent's files in a container's /etc: hostname, hosts, resolv.conf, an image's machine-id. */

#define ETC_FILES 4
enum { ETC_HOSTS = 1, ETC_RESOLVER = 2 }; /* places of two of them */

struct etc {
    const struct place *place;
    int fds[ETC_FILES]; /* stay open: a start writes them with nothing else to do */
    size_t lengths[ETC_FILES];
    bool is_placed;
};

void etc_init(struct etc *etc, const struct place *place);
/* They are there in the tree at `root`, and empty. */
int etc_prepare(struct etc *etc, int root, struct failure *failure);
/* They say what the set-up says, where the user mounted nothing. */
int etc_make(struct etc *etc, int root, const struct container_setup *setup,
             struct failure *failure);
/* Changes hosts line by line, and resolv.conf if it is what it was made to be. */
int etc_change(struct etc *etc, const struct names_change *change, struct failure *failure);
void etc_close(struct etc *etc);

#endif
