#ifndef DVM_USER_H
#define DVM_USER_H

#include <sys/types.h>

#include "agent.h"

#define USER_GROUPS_MAX 256

struct user {
    uid_t uid;
    gid_t gid;
    char home[256];
    gid_t groups[USER_GROUPS_MAX];
    size_t group_count;
};

/*
 * Looks "user[:group]" and further groups up in /etc/passwd and /etc/group of the current root, by
 * Docker's rules. Reads the files itself: a static program has no name service switch.
 */
int user_look_up(const char *text, char **extra_groups, size_t extra_count, struct user *user,
                 struct failure *failure);

/* The name for `uid` in the passwd file open at `fd`; the number when there is none. */
void user_name(int fd, uid_t uid, char *name, size_t room);

#endif
