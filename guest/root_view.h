#ifndef DVM_ROOT_VIEW_H
#define DVM_ROOT_VIEW_H

#include "agent.h"
#include "place.h"
#include "setup.h"

/* What the container's first process sees: its own /proc, masked paths, its root. */
struct root_view {
    const struct place *place;
    struct container_setup setup; /* nothing, until it is known */
    bool is_entered;              /* it is in its root, and the kernel's own files are hidden */
};

/* It goes into its root, with file systems of its own namespaces. */
int root_view_enter(const struct root_view *view, struct failure *failure);
/* Takes what Docker hides and protects, or what it is told to, out of its sight. */
int root_view_hide_kernel(const struct root_view *view, struct failure *failure);
/* The last touches, when all is known; `terminal`: the number of its own, -1 without one. */
int root_view_finish(const struct root_view *view, int terminal, struct failure *failure);

#endif
