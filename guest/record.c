#include "record.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FLUSH_AT 65536u

static uint8_t room[FLUSH_AT + RECORD_MAX + 4096];
static struct writer out = {.bound = sizeof room, .first = room, .first_room = sizeof room};
static size_t record_start;

struct writer *record_begin(uint8_t kind) {
    record_start = out.used;
    write_u32(&out, 0);
    write_u8(&out, kind);
    return &out;
}

int record_flush(void) {
    size_t sent = 0;
    while (sent < out.used) {
        ssize_t count = write(STDOUT_FILENO, out.bytes + sent, out.used - sent);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return -1;
        sent += (size_t)count;
    }
    out.used = 0;
    return 0;
}

int record_end(void) {
    size_t length = out.used - record_start - 4;
    if (out.full || length > RECORD_MAX) {
        out.used = record_start;
        out.full = false;
        errno = E2BIG;
        return -1;
    }
    put_u32(out.bytes + record_start, (uint32_t)length);
    return out.used >= FLUSH_AT ? record_flush() : 0;
}

void record_entry_head(struct writer *to, uint8_t type, const struct stat *information,
                       const char *path, const char *link) {
    write_u8(to, type);
    write_u32(to, information->st_mode & 07777);
    write_u32(to, information->st_uid);
    write_u32(to, information->st_gid);
    write_u64(to, (uint64_t)information->st_mtim.tv_sec);
    write_u32(to, (uint32_t)information->st_mtim.tv_nsec);
    write_u64(to, (uint64_t)information->st_size);
    write_u32(to, major(information->st_rdev));
    write_u32(to, minor(information->st_rdev));
    bool has_links = information->st_nlink > 1;
    write_u64(to, has_links ? information->st_dev : 0);
    write_u64(to, has_links ? information->st_ino : 0);
    write_string(to, path);
    write_string(to, link);
}

/* Room for `count` bytes of content in the buffer. */
static uint8_t *content_begin(uint64_t *count) {
    if (*count > RECORD_CONTENT_MAX)
        *count = RECORD_CONTENT_MAX;
    record_begin(RECORD_CONTENT);
    return out.bytes + out.used;
}

ssize_t record_content(int fd, uint64_t count) {
    uint8_t *at = content_begin(&count);
    ssize_t got;
    do
        got = read(fd, at, count);
    while (got < 0 && errno == EINTR);
    if (got <= 0) {
        out.used = record_start;
        return got;
    }
    out.used += (size_t)got;
    return record_end() < 0 ? -1 : got;
}

ssize_t record_zeros(uint64_t count) {
    memset(content_begin(&count), 0, count);
    out.used += count;
    return record_end() < 0 ? -1 : (ssize_t)count;
}

/* Bytes start..end were read and not yet handed out. */
static uint8_t in[2 * RECORD_MAX];
static size_t in_start, in_end;

/* Sees that `count` bytes lie ready; false at the end of the input. */
static bool need(size_t count) {
    if (in_end - in_start >= count)
        return true;
    memmove(in, in + in_start, in_end - in_start);
    in_end -= in_start;
    in_start = 0;
    while (in_end < count) {
        ssize_t got = read(STDIN_FILENO, in + in_end, sizeof in - in_end);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        in_end += (size_t)got;
    }
    return true;
}

bool record_next(struct record *record) {
    if (!need(5))
        return false;
    size_t length = get_u32(in + in_start);
    if (length == 0 || length > RECORD_MAX || !need(4 + length))
        return false;
    record->kind = in[in_start + 4];
    record->body = in + in_start + 5;
    record->length = length - 1;
    in_start += 4 + length;
    return true;
}

static void read_time(struct reader *reader, struct timespec *time) {
    time->tv_sec = (time_t)read_u64(reader);
    time->tv_nsec = (long)read_u32(reader);
    if (time->tv_nsec > 999999999)
        reader->bad = true;
}

bool record_read_entry(struct reader *reader, struct record_entry *entry) {
    entry->type = read_u8(reader);
    entry->mode = read_u32(reader) & 07777;
    entry->uid = read_u32(reader);
    entry->gid = read_u32(reader);
    read_time(reader, &entry->modified);
    entry->size = read_u64(reader);
    entry->major = read_u32(reader);
    entry->minor = read_u32(reader);
    read_u64(reader);
    read_u64(reader);
    entry->path = read_string(reader);
    entry->link = read_string(reader);
    entry->xattr_count = read_u32(reader);
    if (entry->type != TREE_FILE && entry->size != 0)
        reader->bad = true;
    return !reader->bad && record_path_is_safe(entry->path);
}

bool record_read_xattr(struct reader *reader, const char **name, const uint8_t **value,
                       size_t *count) {
    *name = read_string(reader);
    *value = read_bytes(reader, count);
    return !reader->bad;
}

bool record_read_times(struct reader *reader, struct record_entry *entry) {
    read_time(reader, &entry->modified);
    entry->path = read_string(reader);
    return !reader->bad && reader->at == reader->end && record_path_is_safe(entry->path);
}

bool record_path_is_safe(const char *path) {
    if (*path == 0)
        return true;
    for (;;) {
        size_t length = strcspn(path, "/");
        bool is_dots = path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.'));
        if (length == 0 || is_dots)
            return false;
        if (path[length] == 0)
            return true;
        path += length + 1;
    }
}
