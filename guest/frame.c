#include "frame.h"

#include <string.h>

#include "wire.h"

static const uint8_t magic[SYNC_MAGIC_SIZE] = SYNC_MAGIC;

void frame_parser_reset(struct frame_parser *parser) {
    parser->used = 0;
    parser->matched = 0;
    parser->hunting = true;
}

void frame_header_write(uint8_t *at, uint32_t length, uint16_t type, uint32_t id) {
    put_u32(at, length);
    put_u16(at + 4, type);
    put_u16(at + 6, 0);
    put_u32(at + 8, id);
}

/* One byte of the search for the magic; when it is whole, the parser stands inside a SYNC frame. */
static void hunt(struct frame_parser *parser, uint8_t byte) {
    if (byte == magic[parser->matched])
        parser->matched++;
    else
        parser->matched = byte == magic[0] ? 1 : 0;
    if (parser->matched < SYNC_MAGIC_SIZE)
        return;
    frame_header_write(parser->buffer, SYNC_SIZE, FRAME_SYNC, 0);
    memcpy(parser->buffer + FRAME_HEADER_SIZE, magic, SYNC_MAGIC_SIZE);
    parser->used = FRAME_HEADER_SIZE + SYNC_MAGIC_SIZE;
    parser->hunting = false;
}

static bool header_is_legal(const uint8_t *header) {
    uint16_t type = get_u16(header + 4);
    return get_u32(header) <= FRAME_PAYLOAD_MAX && type >= FRAME_SYNC && type <= FRAME_TYPE_MAX &&
           get_u16(header + 6) == 0;
}

/* A header that breaks the rules is shorter than the magic: hunting through it ends inside. */
static void hunt_from_header(struct frame_parser *parser) {
    parser->hunting = true;
    parser->matched = 0;
    for (size_t index = 0; index < FRAME_HEADER_SIZE; index++)
        hunt(parser, parser->buffer[index]);
    parser->used = 0;
}

/* Moves up to `wanted` bytes in all into the buffer; true when they are there. */
static bool fill(struct frame_parser *parser, size_t wanted, const uint8_t **bytes, size_t *count) {
    if (parser->used >= wanted)
        return true;
    size_t part = wanted - parser->used;
    if (part > *count)
        part = *count;
    memcpy(parser->buffer + parser->used, *bytes, part);
    parser->used += part;
    *bytes += part;
    *count -= part;
    return parser->used == wanted;
}

bool frame_parser_next(struct frame_parser *parser, const uint8_t **bytes, size_t *count,
                       struct frame *frame) {
    while (*count > 0) {
        if (parser->hunting) {
            hunt(parser, **bytes);
            (*bytes)++;
            (*count)--;
            continue;
        }
        if (!fill(parser, FRAME_HEADER_SIZE, bytes, count))
            return false;
        if (!header_is_legal(parser->buffer)) {
            hunt_from_header(parser);
            continue;
        }
        size_t length = get_u32(parser->buffer);
        if (!fill(parser, FRAME_HEADER_SIZE + length + FRAME_TRAILER_SIZE, bytes, count))
            return false;
        if (get_u32(parser->buffer + FRAME_HEADER_SIZE + length) != FRAME_TRAILER) {
            frame_parser_reset(parser);
            continue;
        }
        frame->length = (uint32_t)length;
        frame->type = get_u16(parser->buffer + 4);
        frame->id = get_u32(parser->buffer + 8);
        frame->payload = parser->buffer + FRAME_HEADER_SIZE;
        parser->used = 0;
        return true;
    }
    return false;
}
