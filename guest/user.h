#ifndef DVM_USER_H
#define DVM_USER_H

#include <sys/types.h>

#include "agent.h"

#define USER_HOME_MAX 4096u

struct user {
    uid_t uid;
    gid_t gid;
    char home[USER_HOME_MAX];
    gid_t *groups; /* in order, each once */
    size_t group_count;
};

/*
 * Looks "user[:group]" and further groups up in /etc/passwd and /etc/group of the current root, by
 * the rules of Docker's daemon and runc (moby/sys/user, GetExecUser and GetAdditionalGroups): what
 * is written as a number is that number, whatever an entry's name is. Reads the files itself: a
 * static program has no name service switch. What it gives lives as long as the process.
 */
int user_look_up(const char *text, char **extra_groups, size_t extra_count, struct user *user,
                 struct failure *failure);

/* The name for `id` in the passwd or group file open at `fd`; the number when there is none. */
void name_of_id(int fd, uint32_t id, char *name, size_t room);

#endif
