#ifndef DVM_RECORD_H
#define DVM_RECORD_H

/* Records of FILES (protocol.h), on descriptors 0 and 1. */

#include <sys/stat.h>
#include <sys/types.h>

#include "protocol.h"
#include "wire.h"

/* Writing. Records gather in a buffer; -1 with errno when the reader has gone. */

/* Begins a record; its body is written to the writer that is given back. */
struct writer *record_begin(uint8_t kind);
int record_end(void);
/* What an ENTRY says but for its xattrs, of which as many follow as are told. */
void record_entry_head(struct writer *to, uint8_t type, const struct stat *information,
                       const char *path, const char *link);
/* One CONTENT record of at most `count` bytes, read from `fd`; how many it holds. */
ssize_t record_content(int fd, uint64_t count);
/* One CONTENT record of at most `count` zeros. */
ssize_t record_zeros(uint64_t count);
int record_flush(void);

/* Reading. */

struct record {
    uint8_t kind;
    const uint8_t *body; /* until the next one is read */
    size_t length;
};

/* An ENTRY or TIMES. Strings live in the reader, which the caller closes. */
struct record_entry {
    uint8_t type;
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    struct timespec modified;
    uint64_t size;
    uint32_t major;
    uint32_t minor;
    const char *path;
    const char *link;
    uint32_t xattr_count; /* read on by record_read_xattr */
};

/* Reads the next record; false at the end, or after one that breaks a rule. */
bool record_next(struct record *record);
/* False, and reader->bad, for a body that breaks a rule. */
bool record_read_entry(struct reader *reader, struct record_entry *entry);
bool record_read_xattr(struct reader *reader, const char **name, const uint8_t **value,
                       size_t *count);
bool record_read_times(struct reader *reader, struct record_entry *entry);
/* Whether a path may be made: relative, no empty part, no "." or ".." in it. "" is the folder
 * itself. */
bool record_path_is_safe(const char *path);

#endif
