#ifndef DVM_FILES_H
#define DVM_FILES_H

#include "container.h"

/* What FILES asks for, of one container. Strings live in the reader. */
struct files_request {
    uint8_t operation; /* enum files_operation */
    uint8_t flags;     /* enum files_flag */
    const char *path;
    const char *user;
    const struct place *place;
};

/* Reads what follows the container; reader->bad tells of one that breaks the protocol. */
void files_read(struct reader *reader, struct files_request *request);
/* Starts a child that moves files in or out; request `id` is answered when it begins. */
int files_start(const struct container *container, const struct files_request *request, uint32_t id,
                struct failure *failure);

#endif
