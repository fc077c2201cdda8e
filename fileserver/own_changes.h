#pragma once

/* What the guest itself has changed lately: that the host tells of it, too, is no news. */

#include <stdbool.h>

#include "node.h"

/* An entry of this name, in whatever folder. */
void own_change_of_name(const char *name);
void own_change_of(struct node *node);
/* `node` is NULL where the guest knows none. */
bool is_own_change(const char *name, const struct node *node);
