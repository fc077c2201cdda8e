#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "etc.h"

/* More than this nobody writes into such a file. */
#define TEXT_MAX (1u << 20)

/* NULL: it can't be read, or is too long. */
static char *read_whole(int fd) {
    struct stat information;
    if (fd < 0 || fstat(fd, &information) < 0 || information.st_size > (off_t)TEXT_MAX)
        return NULL;
    size_t size = (size_t)information.st_size;
    char *text = malloc(size + 1);
    ssize_t count = text == NULL ? -1 : pread(fd, text, size, 0);
    if (count < 0) {
        free(text);
        return NULL;
    }
    text[count] = 0;
    return text;
}

static bool is_among(char **lines, const char *line, size_t length) {
    for (; *lines != NULL; lines++)
        if (strlen(*lines) == length && memcmp(*lines, line, length) == 0)
            return true;
    return false;
}

static void compose(struct writer *text, const char *before, const struct names_change *change) {
    for (const char *line = before; *line != 0;) {
        size_t length = strcspn(line, "\n");
        if (!is_among(change->removed, line, length)) {
            write_raw(text, line, length);
            write_raw(text, "\n", 1);
        }
        line += length + (line[length] == '\n');
    }
    for (char **line = change->added; *line != NULL; line++) {
        write_raw(text, *line, strlen(*line));
        write_raw(text, "\n", 1);
    }
}

/* It is bound into the container: another file in its place would not be seen. */
static int write_over(int fd, const void *bytes, size_t count) {
    return pwrite(fd, bytes, count, 0) == (ssize_t)count && ftruncate(fd, (off_t)count) == 0 ? 0
                                                                                             : -1;
}

static int change_hosts(int fd, const struct names_change *change) {
    cleanup_free char *before = read_whole(fd);
    struct writer text = {.bound = 2 * TEXT_MAX};
    if (before == NULL)
        return -1;
    compose(&text, before, change);
    int result = text.full ? -1 : write_over(fd, text.bytes, text.used);
    writer_close(&text);
    return result;
}

static int change_resolver(int fd, const struct names_change *change) {
    cleanup_free char *before = read_whole(fd);
    if (before == NULL)
        return -1;
    if (strcmp(before, change->resolver_before) != 0)
        return 0;
    return write_over(fd, change->resolver_after, strlen(change->resolver_after));
}

int etc_change(struct etc *etc, const struct names_change *change, struct failure *failure) {
    bool has_hosts = change->removed[0] != NULL || change->added[0] != NULL;
    if (has_hosts && change_hosts(etc->fds[ETC_HOSTS], change) < 0)
        return fail_errno(failure, "cannot change /etc/hosts");
    if (strcmp(change->resolver_before, change->resolver_after) != 0 &&
        change_resolver(etc->fds[ETC_RESOLVER], change) < 0)
        return fail_errno(failure, "cannot change /etc/resolv.conf");
    return 0;
}
