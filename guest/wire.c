#include "wire.h"

#include <stdlib.h>
#include <string.h>

uint16_t get_u16(const uint8_t *at) { return (uint16_t)(at[0] | at[1] << 8); }

uint32_t get_u32(const uint8_t *at) { return get_u16(at) | (uint32_t)get_u16(at + 2) << 16; }

uint64_t get_u64(const uint8_t *at) { return get_u32(at) | (uint64_t)get_u32(at + 4) << 32; }

void put_u16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

void put_u32(uint8_t *at, uint32_t value) {
    put_u16(at, (uint16_t)value);
    put_u16(at + 2, (uint16_t)(value >> 16));
}

void put_u64(uint8_t *at, uint64_t value) {
    put_u32(at, (uint32_t)value);
    put_u32(at + 4, (uint32_t)(value >> 32));
}

/* The usual message needs no more, and a machine that was just cloned no new pages for it. */
static uint8_t usual_arena[16384];
static bool usual_arena_is_taken;

int reader_open(struct reader *reader, const uint8_t *bytes, size_t count) {
    /* a list's pointer takes 8 bytes where its item takes at least 4 on the wire; mounts take more
     */
    size_t size = 8 * count + 4096;
    *reader = (struct reader){.at = bytes, .end = bytes + count, .arena_size = size};
    if (size <= sizeof usual_arena && !usual_arena_is_taken) {
        reader->arena = usual_arena;
        usual_arena_is_taken = true;
        return 0;
    }
    reader->arena = malloc(size);
    return reader->arena == NULL ? -1 : 0;
}

void reader_close(struct reader *reader) {
    if (reader->arena == usual_arena)
        usual_arena_is_taken = false;
    else
        free(reader->arena);
    reader->arena = NULL;
}

static const uint8_t *take(struct reader *reader, size_t count) {
    static const uint8_t zeros[8];
    if (reader->bad || (size_t)(reader->end - reader->at) < count) {
        reader->bad = true;
        return count <= sizeof zeros ? zeros : NULL;
    }
    const uint8_t *bytes = reader->at;
    reader->at += count;
    return bytes;
}

uint8_t read_u8(struct reader *reader) { return *take(reader, 1); }

uint32_t read_u32(struct reader *reader) { return get_u32(take(reader, 4)); }

uint64_t read_u64(struct reader *reader) { return get_u64(take(reader, 8)); }

const uint8_t *read_bytes(struct reader *reader, size_t *count) {
    *count = read_u32(reader);
    const uint8_t *bytes = take(reader, *count);
    if (reader->bad)
        *count = 0;
    return bytes;
}

void *reader_allocate(struct reader *reader, size_t count, size_t size) {
    size_t start = (reader->arena_used + 7) & ~(size_t)7;
    size_t wanted;
    if (reader->bad || __builtin_mul_overflow(count, size, &wanted) || start > reader->arena_size ||
        wanted > reader->arena_size - start) {
        reader->bad = true;
        return NULL;
    }
    reader->arena_used = start + wanted;
    return memset(reader->arena + start, 0, wanted);
}

char *read_string(struct reader *reader) {
    static char empty[1];
    size_t count;
    const uint8_t *bytes = read_bytes(reader, &count);
    if (reader->bad || memchr(bytes, 0, count) != NULL) {
        reader->bad = true;
        return empty;
    }
    char *text = reader_allocate(reader, count + 1, 1);
    if (text == NULL)
        return empty;
    memcpy(text, bytes, count);
    return text;
}

char **read_strings(struct reader *reader, size_t *count) {
    static char *none[1];
    size_t items = read_u32(reader);
    *count = 0;
    if (items > (size_t)(reader->end - reader->at) / 4)
        reader->bad = true;
    char **strings = reader_allocate(reader, items + 1, sizeof *strings);
    if (strings == NULL)
        return none;
    for (size_t index = 0; index < items; index++)
        strings[index] = read_string(reader);
    *count = items;
    return strings;
}

void writer_close(struct writer *writer) {
    if (writer->bytes != writer->first)
        free(writer->bytes);
    writer->bytes = NULL;
    writer->used = writer->room = 0;
}

static int grow(struct writer *writer, size_t wanted) {
    if (writer->bytes == NULL && wanted <= writer->first_room) {
        writer->bytes = writer->first;
        writer->room = writer->first_room;
        return 0;
    }
    size_t room = writer->room == 0 ? 1024 : writer->room;
    while (room < wanted)
        room *= 2;
    bool is_first = writer->bytes == writer->first;
    uint8_t *grown = realloc(is_first ? NULL : writer->bytes, room);
    if (grown == NULL)
        return -1;
    if (is_first && writer->used > 0)
        memcpy(grown, writer->bytes, writer->used);
    writer->bytes = grown;
    writer->room = room;
    return 0;
}

void write_raw(struct writer *writer, const void *bytes, size_t count) {
    if (writer->full || count > writer->bound - writer->used) {
        writer->full = true;
        return;
    }
    if (count > writer->room - writer->used && grow(writer, writer->used + count) < 0) {
        writer->full = true;
        return;
    }
    if (count > 0)
        memcpy(writer->bytes + writer->used, bytes, count);
    writer->used += count;
}

void write_u8(struct writer *writer, uint8_t value) { write_raw(writer, &value, 1); }

void write_u16(struct writer *writer, uint16_t value) {
    uint8_t bytes[2];
    put_u16(bytes, value);
    write_raw(writer, bytes, sizeof bytes);
}

void write_u32(struct writer *writer, uint32_t value) {
    uint8_t bytes[4];
    put_u32(bytes, value);
    write_raw(writer, bytes, sizeof bytes);
}

void write_u64(struct writer *writer, uint64_t value) {
    uint8_t bytes[8];
    put_u64(bytes, value);
    write_raw(writer, bytes, sizeof bytes);
}

void write_string(struct writer *writer, const char *text) {
    size_t count = strlen(text);
    write_u32(writer, (uint32_t)count);
    write_raw(writer, text, count);
}
