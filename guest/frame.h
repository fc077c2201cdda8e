#ifndef DVM_FRAME_H
#define DVM_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

struct frame {
    uint32_t length;
    uint16_t type;
    uint32_t id;
    const uint8_t *payload; /* valid until the parser is called again */
};

/* Zeroed memory is not a ready parser: call frame_parser_reset first. */
struct frame_parser {
    uint8_t buffer[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX + FRAME_TRAILER_SIZE];
    size_t used;
    size_t matched; /* bytes of the magic seen while hunting */
    bool hunting;
};

/* Forgets all; bytes are dropped until the next SYNC. */
void frame_parser_reset(struct frame_parser *parser);

/* Takes bytes from *bytes / *count until a frame is whole (true) or all are taken (false). */
bool frame_parser_next(struct frame_parser *parser, const uint8_t **bytes, size_t *count,
                       struct frame *frame);

/* Writes a header to `at`, which has room for FRAME_HEADER_SIZE bytes. */
void frame_header_write(uint8_t *at, uint32_t length, uint16_t type, uint32_t id);

#endif
