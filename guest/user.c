#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"

#define NUMBER_MAX 2147483647
#define GROUPS_MAX 1048576u
#define LINUX_GROUPS_MAX 65536u /* NGROUPS_MAX, of which musl has an old value */
#define ARGUMENT_MAX 256u

/* One side of "user:group". */
struct wanted {
    char text[ARGUMENT_MAX];
    bool is_number;
    int64_t number;
};

static int want(struct wanted *wanted, const char *kind, const char *text, size_t length,
                struct failure *failure) {
    if (length >= sizeof wanted->text)
        return fail(failure, STATUS_INVALID, "unable to find %s: its name is too long", kind);
    snprintf(wanted->text, sizeof wanted->text, "%.*s", (int)length, text);
    wanted->is_number = account_number(wanted->text, &wanted->number);
    return 0;
}

static bool is_wanted(const struct wanted *wanted, const char *name, const char *number) {
    int64_t value;
    account_number(number, &value);
    return wanted->is_number ? value == wanted->number : strcmp(name, wanted->text) == 0;
}

static int check_range(int64_t number, struct failure *failure) {
    if (number < 0 || number > NUMBER_MAX)
        return fail(failure, STATUS_INVALID, "uids and gids must be in range 0-%d", NUMBER_MAX);
    return 0;
}

static uint32_t id_of(const char *field) {
    int64_t number;
    account_number(field, &number);
    return (uint32_t)number;
}

/* `name` is the entry's, to be freed, or NULL: there is none. */
static int find_user(const struct wanted *wanted, struct user *user, char **name,
                     struct failure *failure) {
    cleanup_account struct account_file passwd;
    int result = passwd_open(&passwd, failure);
    while (result >= 0 && (result = passwd_next(&passwd, failure)) > 0) {
        char **fields = passwd.fields;
        if (*name != NULL || !is_wanted(wanted, fields[PASSWD_NAME], fields[PASSWD_UID]))
            continue;
        user->uid = id_of(fields[PASSWD_UID]);
        user->gid = id_of(fields[PASSWD_GID]);
        *name = strdup(fields[PASSWD_NAME]);
        if (*name == NULL)
            return fail_errno(failure, "cannot look up a user");
    }
    if (result < 0) {
        struct failure reason = *failure;
        return fail(failure, reason.status, "unable to find user %s: %.700s", wanted->text,
                    reason.text);
    }
    if (*name != NULL)
        return 0;
    if (!wanted->is_number)
        return fail(failure, STATUS_INVALID,
                    "unable to find user %s: no matching entries in passwd file", wanted->text);
    user->uid = (uid_t)wanted->number;
    return check_range(wanted->number, failure);
}

static int find_group(const struct wanted *wanted, gid_t *gid, struct failure *failure) {
    cleanup_account struct account_file groups;
    int result = group_open(&groups, failure);
    while (result >= 0 && (result = group_next(&groups, failure)) > 0) {
        if (!is_wanted(wanted, groups.fields[GROUP_NAME], groups.fields[GROUP_GID]))
            continue;
        *gid = id_of(groups.fields[GROUP_GID]);
        return 0;
    }
    if (result < 0)
        return -1;
    if (!wanted->is_number)
        return fail(failure, STATUS_INVALID,
                    "unable to find group %s: no matching entries in group file", wanted->text);
    *gid = (gid_t)wanted->number;
    return check_range(wanted->number, failure);
}

static int add_group(struct user *user, gid_t gid, struct failure *failure) {
    const size_t step = 1024;
    if (user->group_count >= GROUPS_MAX)
        return fail(failure, STATUS_INVALID, "unable to setup user: more than %u groups",
                    GROUPS_MAX);
    if (user->group_count % step == 0) {
        size_t room = (user->group_count + step) * sizeof *user->groups;
        gid_t *groups = realloc(user->groups, room);
        if (groups == NULL)
            return fail_errno(failure, "cannot remember a user's groups");
        user->groups = groups;
    }
    user->groups[user->group_count++] = gid;
    return 0;
}

static bool lists_member(char *members, const char *name) {
    char *rest = members, *member;
    while ((member = strsep(&rest, ",")) != NULL)
        if (strcmp(member, name) == 0)
            return true;
    return false;
}

static int add_groups_of(struct user *user, const char *name, struct failure *failure) {
    cleanup_account struct account_file groups;
    int result = group_open(&groups, failure);
    while (result >= 0 && (result = group_next(&groups, failure)) > 0)
        if (groups.fields[GROUP_MEMBERS][0] != 0 &&
            lists_member(groups.fields[GROUP_MEMBERS], name) &&
            add_group(user, id_of(groups.fields[GROUP_GID]), failure) < 0)
            return -1;
    return result;
}

/* The first entry of that name, or whose number is written so. */
static bool is_additional(char **fields, const char *text) {
    char number[24];
    int64_t gid;
    account_number(fields[GROUP_GID], &gid);
    snprintf(number, sizeof number, "%lld", (long long)gid);
    return strcmp(fields[GROUP_NAME], text) == 0 || strcmp(number, text) == 0;
}

static int add_additional(struct user *user, const char *text, struct failure *failure) {
    cleanup_account struct account_file groups;
    int64_t number;
    int result = group_open(&groups, failure);
    while (result >= 0 && (result = group_next(&groups, failure)) > 0)
        if (is_additional(groups.fields, text))
            return add_group(user, id_of(groups.fields[GROUP_GID]), failure);
    if (result < 0)
        return -1;
    if (!account_number(text, &number))
        return fail(failure, STATUS_INVALID,
                    "Unable to find group %.256s: no matching entries in group file", text);
    return check_range(number, failure) < 0 ? -1 : add_group(user, (gid_t)number, failure);
}

static int compare_groups(const void *a, const void *b) {
    gid_t left = *(const gid_t *)a, right = *(const gid_t *)b;
    return left < right ? -1 : left > right;
}

static int tidy_groups(struct user *user, struct failure *failure) {
    size_t kept = 0;
    qsort(user->groups, user->group_count, sizeof *user->groups, compare_groups);
    for (size_t index = 0; index < user->group_count; index++)
        if (kept == 0 || user->groups[kept - 1] != user->groups[index])
            user->groups[kept++] = user->groups[index];
    user->group_count = kept;
    if (kept > LINUX_GROUPS_MAX)
        return fail(failure, STATUS_INVALID,
                    "unable to setup user: it is in %zu groups, and Linux knows %u", kept,
                    LINUX_GROUPS_MAX);
    return 0;
}

/* As runc looks at the number that the daemon gives it. */
static int check_group(gid_t gid, struct failure *failure) {
    struct wanted wanted = {.is_number = true, .number = gid};
    gid_t found;
    return find_group(&wanted, &found, failure);
}

/* So does runc too: by the number alone. */
static int find_home(struct user *user, struct failure *failure) {
    cleanup_account struct account_file passwd;
    int result = passwd_open(&passwd, failure);
    snprintf(user->home, sizeof user->home, "/");
    while (result >= 0 && (result = passwd_next(&passwd, failure)) > 0) {
        int64_t uid;
        account_number(passwd.fields[PASSWD_UID], &uid);
        if (uid != user->uid)
            continue;
        if (strlen(passwd.fields[PASSWD_HOME]) >= sizeof user->home)
            return fail(failure, STATUS_INVALID, "unable to setup user: its home is too long");
        snprintf(user->home, sizeof user->home, "%s", passwd.fields[PASSWD_HOME]);
        return 0;
    }
    return result < 0 ? -1 : check_range(user->uid, failure);
}

static int find_all(const struct wanted *wanted, const struct wanted *group, struct user *user,
                    struct failure *failure) {
    cleanup_free char *name = NULL;
    if (find_user(wanted, user, &name, failure) < 0)
        return -1;
    if (group->text[0] != 0 && find_group(group, &user->gid, failure) < 0)
        return -1;
    if (group->text[0] == 0 && name != NULL && name[0] != 0 &&
        add_groups_of(user, name, failure) < 0)
        return -1;
    return add_group(user, user->gid, failure);
}

int user_look_up(const char *text, char **extra_groups, size_t extra_count, struct user *user,
                 struct failure *failure) {
    struct wanted wanted, group;
    size_t length = strcspn(text, ":");
    const char *after = text[length] == ':' ? text + length + 1 : "";
    *user = (struct user){0};
    if (want(&wanted, "user", length == 0 ? "0" : text, length == 0 ? 1 : length, failure) < 0 ||
        want(&group, "group", after, strcspn(after, ":"), failure) < 0 ||
        find_all(&wanted, &group, user, failure) < 0)
        return -1;
    for (size_t index = 0; index < extra_count; index++)
        if (add_additional(user, extra_groups[index], failure) < 0)
            return -1;
    if (tidy_groups(user, failure) < 0 || check_group(user->gid, failure) < 0)
        return -1;
    return find_home(user, failure);
}

void name_of_id(int fd, uint32_t id, char *name, size_t room) {
    struct failure failure;
    cleanup_account struct account_file accounts = {0};
    snprintf(name, room, "%u", id);
    int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return;
    account_adopt(&accounts, fdopen(copy, "r"));
    if (accounts.file == NULL) {
        close(copy);
        return;
    }
    rewind(accounts.file);
    /* lines of both begin alike: name, password, number */
    while (passwd_next(&accounts, &failure) > 0) {
        int64_t number;
        if (account_number(accounts.fields[PASSWD_UID], &number) && number == id) {
            snprintf(name, room, "%s", accounts.fields[PASSWD_NAME]);
            return;
        }
    }
}
