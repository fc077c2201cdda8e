#ifndef DVM_WIRE_H
#define DVM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint16_t get_u16(const uint8_t *at);
uint32_t get_u32(const uint8_t *at);
uint64_t get_u64(const uint8_t *at);
void put_u16(uint8_t *at, uint16_t value);
void put_u32(uint8_t *at, uint32_t value);
void put_u64(uint8_t *at, uint64_t value);

/*
 * Reads a message. After a read beyond the end or an illegal value `bad` is set and all further
 * reads give 0, "" or an empty list: check it once, at the end. Strings live in the reader's arena.
 */
struct reader {
    const uint8_t *at;
    const uint8_t *end;
    uint8_t *arena; /* owned: reader_close */
    size_t arena_used;
    size_t arena_size;
    bool bad;
};

/* Returns -1 when memory is short. */
int reader_open(struct reader *reader, const uint8_t *bytes, size_t count);
void reader_close(struct reader *reader);
uint8_t read_u8(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
/* Bytes inside the message itself. */
const uint8_t *read_bytes(struct reader *reader, size_t *count);
/* A C string; a NUL inside makes the message bad. */
char *read_string(struct reader *reader);
/* Strings, ended by NULL. */
char **read_strings(struct reader *reader, size_t *count);
/* Room for `count` items of `size` bytes, zeroed, in the arena; NULL (and bad) when it's too much.
 */
void *reader_allocate(struct reader *reader, size_t count, size_t size);

/* A growing message with a bound; after it is passed `full` is set and nothing more is added. */
struct writer {
    uint8_t *bytes; /* owned, if it isn't `first`: writer_close */
    size_t used;
    size_t room;
    size_t bound;
    bool full;
    uint8_t *first; /* room that is there already; may be NULL */
    size_t first_room;
};

void writer_close(struct writer *writer);
void write_raw(struct writer *writer, const void *bytes, size_t count);
void write_u8(struct writer *writer, uint8_t value);
void write_u16(struct writer *writer, uint16_t value);
void write_u32(struct writer *writer, uint32_t value);
void write_u64(struct writer *writer, uint64_t value);
void write_string(struct writer *writer, const char *text);

#endif
