/* Feeds a file of bytes to the frame parser and the message reader, in pieces; for sanitizers. */

#include <stdio.h>
#include <stdlib.h>

#include "frame.h"
#include "wire.h"

static void read_message(const struct frame *frame) {
    struct reader reader;
    size_t count;
    if (reader_open(&reader, frame->payload, frame->length) < 0)
        abort();
    while (!reader.bad && reader.at < reader.end) {
        char **strings = read_strings(&reader, &count);
        for (size_t index = 0; index < count; index++)
            if (strings[index] == NULL)
                abort();
        read_string(&reader);
        read_bytes(&reader, &count);
        read_u8(&reader);
        read_u32(&reader);
        read_u64(&reader);
    }
    reader_close(&reader);
}

int main(int count, char **names) {
    static struct frame_parser parser;
    static uint8_t bytes[70000];
    unsigned long frames = 0;
    size_t got, piece = 1;
    FILE *file = count > 1 ? fopen(names[1], "rb") : stdin;
    if (file == NULL)
        return 2;
    frame_parser_reset(&parser);
    while ((got = fread(bytes, 1, piece, file)) > 0) {
        const uint8_t *at = bytes;
        struct frame frame;
        while (frame_parser_next(&parser, &at, &got, &frame)) {
            if (frame.length > FRAME_PAYLOAD_MAX || frame.type > FRAME_TYPE_MAX)
                abort();
            read_message(&frame);
            frames++;
        }
        piece = piece * 7 % 65521 + 1;
    }
    if (file != stdin)
        fclose(file);
    printf("%lu\n", frames);
    return 0;
}
