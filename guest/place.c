#include "place.h"

#include <stdio.h>

#define CONTAINERS "/run/containers"

void place_of(unsigned slot, struct place *place) {
    char *const paths[] = {place->root,         place->image,        place->scratch, place->etc,
                           place->prepared_dev, place->prepared_sys, place->bare};
    static const char *const names[] = {"root", "image", "scratch", "etc", "dev", "sys", "bare"};
    place->slot = slot;
    snprintf(place->folder, sizeof place->folder, CONTAINERS "/%u", slot);
    for (unsigned index = 0; index < sizeof paths / sizeof *paths; index++)
        snprintf(paths[index], sizeof place->root, CONTAINERS "/%u/%s", slot, names[index]);
    snprintf(place->upper, sizeof place->upper, CONTAINERS "/%u/scratch/upper", slot);
    snprintf(place->work, sizeof place->work, CONTAINERS "/%u/scratch/work", slot);
    snprintf(place->cgroup_name, sizeof place->cgroup_name, "container%u", slot);
    snprintf(place->cgroup, sizeof place->cgroup, "/sys/fs/cgroup/%s", place->cgroup_name);
}
