#include "find_program.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define QUOTED_MAX 480u

/* In quotes, what can't be printed as Go writes it. Too long a name is cut short. */
static const char *quoted(const char *name) {
    static char text[QUOTED_MAX];
    size_t used = 0;
    text[used++] = '"';
    for (; *name != 0 && used + 6 < sizeof text; name++) {
        const unsigned char byte = (unsigned char)*name;
        if (byte == '"' || byte == '\\')
            text[used++] = '\\';
        if (byte == '\n' || byte == '\t' || byte == '\r')
            used += (size_t)snprintf(text + used, sizeof text - used, "\\%c",
                                     byte == '\n'   ? 'n'
                                     : byte == '\t' ? 't'
                                                    : 'r');
        else if (iscntrl(byte))
            used += (size_t)snprintf(text + used, sizeof text - used, "\\x%02x", byte);
        else
            text[used++] = (char)byte;
    }
    snprintf(text + used, sizeof text - used, "\"");
    return text;
}

/* 0 when the mode of `path` says that somebody may run it, else the reason; `found`: it is there.
 */
static int check_mode(const char *path, bool *found) {
    struct stat information;
    *found = stat(path, &information) == 0;
    if (!*found)
        return errno;
    return S_ISDIR(information.st_mode) || (information.st_mode & 0111) == 0 ? EACCES : 0;
}

static int check_access(const char *path, struct failure *failure) {
    if (access(path, X_OK) == 0)
        return 0;
    return fail(failure, STATUS_COMMAND_NOT_EXECUTABLE, "exec %.800s: %s", path, error_text(errno));
}

static uint16_t status_of(int reason) {
    if (reason == ENOENT || reason == ENOTDIR)
        return STATUS_COMMAND_NOT_FOUND;
    return reason == EACCES ? STATUS_COMMAND_NOT_EXECUTABLE : STATUS_INVALID;
}

static int take_path(const char *name, char path[PATH_MAX], struct failure *failure) {
    bool found = false;
    int reason = strlen(name) >= PATH_MAX ? ENAMETOOLONG : check_mode(name, &found);
    if (reason == 0) {
        snprintf(path, PATH_MAX, "%s", name);
        return check_access(path, failure);
    }
    if (found)
        return fail(failure, STATUS_COMMAND_NOT_EXECUTABLE, "exec: %s: %s", quoted(name),
                    error_text(reason));
    return fail(failure, status_of(reason), "exec: %s: stat %.400s: %s", quoted(name), name,
                error_text(reason));
}

int find_program(const char *name, const char *search, char path[PATH_MAX],
                 struct failure *failure) {
    if (strchr(name, '/') != NULL)
        return take_path(name, path, failure);
    while (search != NULL && search[0] != 0 && name[0] != 0) {
        size_t length = strcspn(search, ":");
        bool found;
        int used = snprintf(path, PATH_MAX, "%.*s/%s", length == 0 ? 1 : (int)length,
                            length == 0 ? "." : search, name);
        if (used < PATH_MAX && check_mode(path, &found) == 0) {
            if (path[0] == '/')
                return check_access(path, failure);
            return fail(failure, STATUS_INVALID,
                        "exec: %s: cannot run executable found relative to current directory",
                        quoted(name));
        }
        search = search[length] == ':' ? search + length + 1 : NULL;
    }
    return fail(failure, STATUS_COMMAND_NOT_FOUND, "exec: %s: executable file not found in $PATH",
                quoted(name));
}
