#include "user.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 8
#define NUMBER_MAX 2147483647ul

/* Splits a line at colons; the fields that aren't there are "". */
static void split(char *line, char **fields) {
    line[strcspn(line, "\r\n")] = 0;
    for (int index = 0; index < FIELDS_MAX; index++) {
        fields[index] = line;
        line += strcspn(line, ":");
        if (*line == ':')
            *line++ = 0;
    }
}

static bool is_number(const char *text, unsigned long *number) {
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return *end == 0 && errno == 0 && *number <= NUMBER_MAX;
}

/* True when a passwd or group entry is the one asked for, by name or by number. */
static bool is_entry(char **fields, const char *wanted) {
    unsigned long wanted_number, number;
    if (fields[0][0] == 0 || fields[0][0] == '#')
        return false;
    if (strcmp(fields[0], wanted) == 0)
        return true;
    return is_number(wanted, &wanted_number) && is_number(fields[2], &number) &&
           number == wanted_number;
}

static bool next_line(FILE *file, char **line, size_t *room) {
    return file != NULL && getline(line, room, file) >= 0;
}

static void close_file(FILE **file) {
    if (*file != NULL)
        fclose(*file);
}
#define cleanup_file __attribute__((cleanup(close_file)))

/* `name` gets the user's name, or "". */
static int find_user(const char *wanted, struct user *user, char *name, size_t room,
                     struct failure *failure) {
    cleanup_file FILE *file = fopen("/etc/passwd", "re");
    cleanup_free char *line = NULL;
    size_t size = 0;
    unsigned long number;
    char *fields[FIELDS_MAX];
    name[0] = 0;
    snprintf(user->home, sizeof user->home, "/");
    while (next_line(file, &line, &size)) {
        split(line, fields);
        unsigned long uid, gid;
        if (!is_entry(fields, wanted) || !is_number(fields[2], &uid) || !is_number(fields[3], &gid))
            continue;
        user->uid = (uid_t)uid;
        user->gid = (gid_t)gid;
        if (fields[5][0] != 0)
            snprintf(user->home, sizeof user->home, "%s", fields[5]);
        snprintf(name, room, "%s", fields[0]);
        return 0;
    }
    if (!is_number(wanted, &number)) {
        if (isdigit((unsigned char)wanted[0]) && strspn(wanted, "0123456789") == strlen(wanted))
            return fail(failure, STATUS_INVALID, "uids and gids must be in range 0-2147483647");
        return fail(failure, STATUS_INVALID,
                    "unable to find user %s: no matching entries in passwd file", wanted);
    }
    user->uid = (uid_t)number;
    user->gid = 0;
    return 0;
}

static int find_group(const char *wanted, gid_t *gid, struct failure *failure) {
    cleanup_file FILE *file = fopen("/etc/group", "re");
    cleanup_free char *line = NULL;
    size_t size = 0;
    unsigned long number;
    char *fields[FIELDS_MAX];
    while (next_line(file, &line, &size)) {
        split(line, fields);
        if (is_entry(fields, wanted) && is_number(fields[2], &number)) {
            *gid = (gid_t)number;
            return 0;
        }
    }
    if (!is_number(wanted, &number))
        return fail(failure, STATUS_INVALID,
                    "unable to find group %s: no matching entries in group file", wanted);
    *gid = (gid_t)number;
    return 0;
}

static void add_group(struct user *user, gid_t gid) {
    for (size_t index = 0; index < user->group_count; index++)
        if (user->groups[index] == gid)
            return;
    if (user->group_count < USER_GROUPS_MAX)
        user->groups[user->group_count++] = gid;
}

static bool lists_member(char *members, const char *name) {
    char *rest = members, *member;
    while ((member = strsep(&rest, ",")) != NULL)
        if (strcmp(member, name) == 0)
            return true;
    return false;
}

static void add_groups_of(struct user *user, const char *name) {
    cleanup_file FILE *file = fopen("/etc/group", "re");
    cleanup_free char *line = NULL;
    size_t size = 0;
    unsigned long number;
    char *fields[FIELDS_MAX];
    while (next_line(file, &line, &size)) {
        split(line, fields);
        if (is_number(fields[2], &number) && lists_member(fields[3], name))
            add_group(user, (gid_t)number);
    }
}

int user_look_up(const char *text, char **extra_groups, size_t extra_count, struct user *user,
                 struct failure *failure) {
    char wanted[256], name[256];
    const char *colon = strchr(text, ':');
    const char *group = colon == NULL ? "" : colon + 1;
    size_t length = colon == NULL ? strlen(text) : (size_t)(colon - text);
    memset(user, 0, sizeof *user);
    if (length >= sizeof wanted)
        return fail(failure, STATUS_INVALID, "unable to find user: its name is too long");
    snprintf(wanted, sizeof wanted, "%.*s", (int)length, length == 0 ? "0" : text);
    if (length == 0)
        snprintf(wanted, sizeof wanted, "0");
    if (find_user(wanted, user, name, sizeof name, failure) < 0)
        return -1;
    if (group[0] != 0 && find_group(group, &user->gid, failure) < 0)
        return -1;
    add_group(user, user->gid);
    if (group[0] == 0 && name[0] != 0)
        add_groups_of(user, name);
    for (size_t index = 0; index < extra_count; index++) {
        gid_t gid;
        if (find_group(extra_groups[index], &gid, failure) < 0)
            return -1;
        add_group(user, gid);
    }
    return 0;
}

void user_name(int fd, uid_t uid, char *name, size_t room) {
    char wanted[16];
    snprintf(wanted, sizeof wanted, "%u", uid);
    snprintf(name, room, "%s", wanted);
    int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return;
    cleanup_file FILE *file = fdopen(copy, "r");
    if (file == NULL) {
        close(copy);
        return;
    }
    rewind(file);
    cleanup_free char *line = NULL;
    size_t size = 0;
    char *fields[FIELDS_MAX];
    while (next_line(file, &line, &size)) {
        split(line, fields);
        if (strcmp(fields[2], wanted) == 0) {
            snprintf(name, room, "%s", fields[0]);
            return;
        }
    }
}
