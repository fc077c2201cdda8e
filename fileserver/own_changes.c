#include "own_changes.h"

#include <stdint.h>
#include <time.h>

#define LATELY_MS 250u
#define NAMES 1024u

static struct { uint32_t hash, ms; } names[NAMES];

/* Never 0. */
static uint32_t now_ms(void) {
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

static bool is_late(uint32_t ms) { return ms != 0 && now_ms() - ms < LATELY_MS; }

void own_change_of_name(const char *name) {
    uint32_t hash = hash_of(name);
    __atomic_store_n(&names[hash / 2 % NAMES].ms, now_ms(), __ATOMIC_RELAXED);
    __atomic_store_n(&names[hash / 2 % NAMES].hash, hash, __ATOMIC_RELAXED);
}

void own_change_of(struct node *node) {
    __atomic_store_n(&node->own_ms, now_ms(), __ATOMIC_RELAXED);
}

bool is_own_change(const char *name, const struct node *node) {
    uint32_t hash = hash_of(name), at = hash / 2 % NAMES;
    if (node != NULL && is_late(__atomic_load_n(&node->own_ms, __ATOMIC_RELAXED)))
        return true;
    return __atomic_load_n(&names[at].hash, __ATOMIC_RELAXED) == hash &&
           is_late(__atomic_load_n(&names[at].ms, __ATOMIC_RELAXED));
}
