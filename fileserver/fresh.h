#pragma once

/*
 * What a guest has read of a file it keeps, and looks at the file's time to see whether that is
 * still right. Who takes a lock must see what others wrote before they let go of theirs, be it in
 * the same tick of that clock: the guest is told to forget.
 */

#include <stdbool.h>

#include "node.h"

/* Whether others may have changed the file since this said so last. */
bool fresh_must_forget(struct node *node);
