#ifndef DVM_CREATE_H
#define DVM_CREATE_H

#include "container.h"

/* PREPARE: what can be made before the first container is known. */
int container_prepare(const struct preparation *preparation, struct failure *failure);
/* What PREPARE made, while nobody has taken it over; or NULL. */
struct container *container_prepared(void);

/* A container's set-up, and the bytes that its first process reads it from. */
struct creation {
    struct container_setup setup;
    const uint8_t *bytes;
    size_t count;
};

void creation_read(struct reader *reader, struct creation *creation);
/* CREATE: takes over what PREPARE made, where that fits. */
int container_create(const struct creation *creation, struct failure *failure);
/* Does with one what its set-up says, as far as it is no rehearsal's for good. */
int container_configure(struct container *container, const struct creation *creation,
                        bool is_rehearsal, struct failure *failure);

#endif
