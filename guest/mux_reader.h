#ifndef DVM_MUX_READER_H
#define DVM_MUX_READER_H

#include <stddef.h>
#include <stdint.h>

#include "connections.h"

/* Takes frames (connections.h) out of bytes that come in pieces of any size. */

struct mux_frame {
    uint32_t stream;
    uint8_t type; /* one of enum connection_frame */
    /* Of DATA a part, as it comes; of all others the whole payload. */
    const uint8_t *payload;
    size_t count;
};

struct mux_reader {
    uint8_t header[CONNECTION_HEADER_SIZE];
    size_t header_used;
    uint8_t control[CONNECTION_CONTROL_MAX];
    size_t control_used;
    size_t left; /* of the payload */
};

/* Calls `take` for each frame. -1: the bytes break a rule. */
int mux_reader_take(struct mux_reader *reader, const uint8_t *bytes, size_t count,
                    void (*take)(const struct mux_frame *frame));

#endif
