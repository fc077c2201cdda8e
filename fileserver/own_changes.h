#pragma once

/* What the guest itself has changed lately: that the host tells of it, too, is no news. */

#include <stdbool.h>
#include <stdint.h>

#include "node.h"

#define RECENT_NAMES 1024u

/* Names that something was done to a moment ago; of some that are alike only the last. */
struct recent_names {
    uint32_t hashes[RECENT_NAMES], ms[RECENT_NAMES];
};

/* Of a coarse clock, never 0. */
uint32_t coarse_ms(void);
void recent_names_add(struct recent_names *names, const char *name);
bool recent_names_has(const struct recent_names *names, const char *name);

/* An entry of this name, in whatever folder. */
void own_change_of_name(const char *name);
void own_change_of(struct node *node);
/* `node` is NULL where the guest knows none. */
bool is_own_change(const char *name, const struct node *node);
