#pragma once

/*
 * Watches folders that the guest knows for changes by others (inotify): of what the guest has
 * watched it knows the folder. Of its own changes it hears from its own kernel.
 */

#include "node.h"

/* For the first share that is to be watched. What keeps it from being is said on standard error. */
void watch_start(void);
/* Under the lock of the nodes; the node is open. */
void watch_begin(struct node *node);
void watch_end(struct node *node);
/* What has changed before is heard when this returns, or after a while. */
void watch_settle(void);
