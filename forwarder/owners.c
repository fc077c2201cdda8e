#include "owners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct owner *owners;

const struct owner *owner_find(const char *name) {
    for (const struct owner *owner = owners; owner != NULL; owner = owner->next)
        if (strcmp(owner->name, name) == 0)
            return owner;
    return NULL;
}

const struct owner *owner_make(const char *name) {
    const struct owner *known = owner_find(name);
    if (known != NULL)
        return known;
    if (name[0] == 0 || strlen(name) > CONNECTION_NAME_MAX) {
        errno = EINVAL;
        return NULL;
    }
    struct owner *owner = calloc(1, sizeof *owner);
    if (owner == NULL)
        return NULL;
    snprintf(owner->name, sizeof owner->name, "%s", name);
    owner->next = owners;
    owners = owner;
    return owner;
}

void owner_lead(const struct owner *owner, const struct place *place) {
    for (struct owner *one = owners; one != NULL; one = one->next)
        if (one == owner)
            one->place = *place;
}

void owner_free(const struct owner *owner) {
    for (struct owner **at = &owners; *at != NULL; at = &(*at)->next) {
        if (*at != owner)
            continue;
        struct owner *gone = *at;
        *at = gone->next;
        free(gone);
        return;
    }
}
