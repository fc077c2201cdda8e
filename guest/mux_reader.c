#include "mux_reader.h"

#include <stdbool.h>
#include <string.h>

#include "wire.h"

/* The least and the most that a payload may have. */
static bool length_is_legal(uint8_t type, size_t length) {
    switch (type) {
    case CONNECTION_OPEN:
        return length >= 1 && length <= CONNECTION_CONTROL_MAX;
    case CONNECTION_DATA:
        return length >= 1 && length <= CONNECTION_DATA_MAX;
    case CONNECTION_WINDOW_MORE:
        return length == 4;
    case CONNECTION_END:
    case CONNECTION_REFUSED:
    case CONNECTION_RESET:
        return length == 0;
    default:
        return false;
    }
}

static size_t least(size_t one, size_t other) { return one < other ? one : other; }

static struct mux_frame frame_of(const struct mux_reader *reader) {
    return (struct mux_frame){.stream = get_u32(reader->header), .type = reader->header[6]};
}

/* Gives how many bytes it has used. */
static size_t take_header(struct mux_reader *reader, const uint8_t *bytes, size_t count) {
    size_t part = least(count, sizeof reader->header - reader->header_used);
    memcpy(reader->header + reader->header_used, bytes, part);
    reader->header_used += part;
    reader->left = 0;
    reader->control_used = 0;
    if (reader->header_used == sizeof reader->header)
        reader->left = get_u16(reader->header + 4);
    return part;
}

static size_t take_data(struct mux_reader *reader, const uint8_t *bytes, size_t count,
                        void (*take)(const struct mux_frame *frame)) {
    struct mux_frame frame = frame_of(reader);
    frame.payload = bytes;
    frame.count = least(count, reader->left);
    reader->left -= frame.count;
    if (reader->left == 0)
        reader->header_used = 0;
    if (frame.count > 0)
        take(&frame);
    return frame.count;
}

static size_t take_control(struct mux_reader *reader, const uint8_t *bytes, size_t count,
                           void (*take)(const struct mux_frame *frame)) {
    size_t part = least(count, reader->left);
    if (part > 0)
        memcpy(reader->control + reader->control_used, bytes, part);
    reader->control_used += part;
    reader->left -= part;
    if (reader->left > 0)
        return part;
    struct mux_frame frame = frame_of(reader);
    frame.payload = reader->control;
    frame.count = reader->control_used;
    reader->header_used = 0;
    take(&frame);
    return part;
}

int mux_reader_take(struct mux_reader *reader, const uint8_t *bytes, size_t count,
                    void (*take)(const struct mux_frame *frame)) {
    while (count > 0) {
        size_t used = 0;
        if (reader->header_used < sizeof reader->header) {
            used = take_header(reader, bytes, count);
            bool is_whole = reader->header_used == sizeof reader->header;
            if (is_whole &&
                (reader->header[7] != 0 || !length_is_legal(reader->header[6], reader->left)))
                return -1;
            if (is_whole && reader->left == 0) /* no payload comes that would end it */
                take_control(reader, bytes, 0, take);
        } else if (reader->header[6] == CONNECTION_DATA) {
            used = take_data(reader, bytes, count, take);
        } else {
            used = take_control(reader, bytes, count, take);
        }
        bytes += used;
        count -= used;
    }
    return 0;
}
