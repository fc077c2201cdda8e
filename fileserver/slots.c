#include "slots.h"

#include <stdlib.h>

static bool grow(struct slots *slots) {
    size_t count = slots->count == 0 ? 32 : slots->count * 2;
    if (count > UINT32_MAX / 2)
        return false;
    struct slot *items = realloc(slots->items, count * sizeof *items);
    if (items == NULL)
        return false;
    for (size_t index = slots->count; index < count; index++)
        items[index] = (struct slot){.next_free = index + 1 < count ? (uint32_t)index + 2 : 0};
    slots->first_free = (uint32_t)slots->count + 1;
    slots->items = items;
    slots->count = count;
    return true;
}

bool slots_add(struct slots *slots, void *item, uint64_t *id) {
    if (slots->first_free == 0 && !grow(slots))
        return false;
    uint32_t index = slots->first_free - 1;
    struct slot *slot = &slots->items[index];
    slots->first_free = slot->next_free;
    slot->item = item;
    slot->generation = slot->generation + 1 == 0 ? 1 : slot->generation + 1;
    *id = (uint64_t)slot->generation << 32 | index;
    return true;
}

void *slots_find(const struct slots *slots, uint64_t id) {
    uint32_t index = (uint32_t)id;
    if (index >= slots->count || slots->items[index].generation != id >> 32)
        return NULL;
    return slots->items[index].item;
}

void slots_free(struct slots *slots, uint64_t id) {
    uint32_t index = (uint32_t)id;
    slots->items[index].item = NULL;
    slots->items[index].next_free = slots->first_free;
    slots->first_free = index + 1;
}
