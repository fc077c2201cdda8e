/* Feeds records of FILES to what reads them, from standard input; for sanitizers. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

static void read_entry(const struct record *record) {
    struct reader reader;
    struct record_entry entry;
    if (reader_open(&reader, record->body, record->length) < 0)
        abort();
    if (record_read_entry(&reader, &entry)) {
        if (strstr(entry.path, "../") != NULL || entry.path[0] == '/')
            abort();
        const char *name;
        const uint8_t *value;
        size_t count, sum = 0;
        for (uint32_t index = 0; index < entry.xattr_count; index++) {
            if (!record_read_xattr(&reader, &name, &value, &count))
                break;
            for (size_t at = 0; at < count; at++)
                sum += value[at];
            sum += strlen(name);
        }
        if (sum == SIZE_MAX)
            abort();
    }
    reader_close(&reader);
    if (reader_open(&reader, record->body, record->length) < 0)
        abort();
    record_read_times(&reader, &entry);
    reader_close(&reader);
}

int main(void) {
    struct record record;
    unsigned long records = 0;
    while (record_next(&record)) {
        read_entry(&record);
        records++;
    }
    printf("%lu\n", records);
    return 0;
}
