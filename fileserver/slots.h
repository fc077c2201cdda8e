#pragma once

/*
 * A table of what a guest names by number. A number says the slot and how often the slot was used
 * before, so that an old number never leads to a new thing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slot {
    void *item;
    uint32_t generation;
    uint32_t next_free;
};

struct slots {
    struct slot *items;
    size_t count;
    uint32_t first_free; /* index + 1; 0: none */
};

/* False: no memory. No number is below 2: 0 is nobody, 1 the virtual root. */
bool slots_add(struct slots *slots, void *item, uint64_t *id);
/* NULL when the number leads nowhere. */
void *slots_find(const struct slots *slots, uint64_t id);
void slots_free(struct slots *slots, uint64_t id);
