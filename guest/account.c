#include "account.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PASSWD_LINE_MAX 65535u /* as Docker's parser has it */
#define GROUP_LINE_MAX 16777216u
#define NUL_STAND_IN '\1'

static int open_file(struct account_file *accounts, const char *path, size_t line_max,
                     struct failure *failure) {
    struct stat information;
    *accounts = (struct account_file){.path = path, .line_max = line_max};
    /* an image may have a FIFO there */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &information) < 0)
        return fd < 0 ? 0 : fail_errno(failure, "cannot read %s", path);
    if (S_ISREG(information.st_mode))
        accounts->file = fdopen(fd, "r");
    if (accounts->file == NULL)
        close(fd);
    if (S_ISDIR(information.st_mode))
        return fail(failure, STATUS_INVALID, "read %s: is a directory", path);
    return 0;
}

int passwd_open(struct account_file *accounts, struct failure *failure) {
    return open_file(accounts, "/etc/passwd", PASSWD_LINE_MAX, failure);
}

int group_open(struct account_file *accounts, struct failure *failure) {
    return open_file(accounts, "/etc/group", GROUP_LINE_MAX, failure);
}

void account_adopt(struct account_file *accounts, FILE *file) {
    *accounts =
        (struct account_file){.path = "/etc/passwd", .file = file, .line_max = PASSWD_LINE_MAX};
}

void account_close(struct account_file *accounts) {
    if (accounts->file != NULL)
        fclose(accounts->file);
    free(accounts->line);
    *accounts = (struct account_file){0};
}

static int make_room(struct account_file *accounts, struct failure *failure) {
    size_t room = accounts->room == 0 ? 256 : accounts->room * 2;
    char *line = realloc(accounts->line, room);
    if (line == NULL)
        return fail_errno(failure, "cannot read %s", accounts->path);
    accounts->line = line;
    accounts->room = room;
    return 0;
}

/* The whole line without its end. A NUL, which would hide the rest, is another byte then. */
static int read_line(struct account_file *accounts, struct failure *failure) {
    size_t used = 0;
    int byte;
    if (accounts->file == NULL)
        return 0;
    while ((byte = getc_unlocked(accounts->file)) != EOF && byte != '\n') {
        if (used >= accounts->line_max)
            return fail(failure, STATUS_INVALID, "a line of %s is longer than %zu bytes",
                        accounts->path, accounts->line_max);
        if (used + 1 >= accounts->room && make_room(accounts, failure) < 0)
            return -1;
        accounts->line[used++] = byte == 0 ? NUL_STAND_IN : (char)byte;
    }
    if (byte == EOF && ferror(accounts->file))
        return fail_errno(failure, "cannot read %s", accounts->path);
    if (byte == EOF && used == 0)
        return 0;
    if (accounts->room == 0 && make_room(accounts, failure) < 0)
        return -1;
    accounts->line[used] = 0;
    return 1;
}

static char *trim(char *line) {
    while (isspace((unsigned char)*line))
        line++;
    size_t length = strlen(line);
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        length--;
    line[length] = 0;
    return line;
}

static void split(char *line, char **fields) {
    for (int index = 0; index < ACCOUNT_FIELDS; index++) {
        fields[index] = line;
        line += strcspn(line, ":");
        if (*line == ':')
            *line++ = 0;
    }
}

static int next(struct account_file *accounts, bool knows_comments, struct failure *failure) {
    int result;
    while ((result = read_line(accounts, failure)) > 0) {
        char *line = trim(accounts->line);
        if (line[0] == 0 || (knows_comments && line[0] == '#'))
            continue;
        split(line, accounts->fields);
        return 1;
    }
    return result;
}

int passwd_next(struct account_file *accounts, struct failure *failure) {
    return next(accounts, false, failure);
}

int group_next(struct account_file *accounts, struct failure *failure) {
    return next(accounts, true, failure);
}

bool account_number(const char *text, int64_t *number) {
    const char *digits = text[0] == '-' || text[0] == '+' ? text + 1 : text;
    char *end;
    *number = 0;
    if (digits[0] == 0 || strspn(digits, "0123456789") != strlen(digits))
        return false;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0;
}
