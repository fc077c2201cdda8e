#include "own_changes.h"

#include <time.h>

#define LATELY_MS 250u

static struct recent_names own;

uint32_t coarse_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000) | 1u;
}

static uint32_t hash_of(const char *name) {
    uint32_t hash = 2166136261u;
    for (; *name != 0; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash | 1u;
}

static bool is_late(uint32_t ms) { return ms != 0 && coarse_ms() - ms < LATELY_MS; }

void recent_names_add(struct recent_names *names, const char *name) {
    uint32_t hash = hash_of(name), at = hash / 2 % RECENT_NAMES;
    __atomic_store_n(&names->ms[at], coarse_ms(), __ATOMIC_RELAXED);
    __atomic_store_n(&names->hashes[at], hash, __ATOMIC_RELAXED);
}

bool recent_names_has(const struct recent_names *names, const char *name) {
    uint32_t hash = hash_of(name), at = hash / 2 % RECENT_NAMES;
    return __atomic_load_n(&names->hashes[at], __ATOMIC_RELAXED) == hash &&
           is_late(__atomic_load_n(&names->ms[at], __ATOMIC_RELAXED));
}

void own_change_of_name(const char *name) { recent_names_add(&own, name); }

void own_change_of(struct node *node) {
    __atomic_store_n(&node->own_ms, coarse_ms(), __ATOMIC_RELAXED);
}

bool is_own_change(const char *name, const struct node *node) {
    if (node != NULL && is_late(__atomic_load_n(&node->own_ms, __ATOMIC_RELAXED)))
        return true;
    return recent_names_has(&own, name);
}
