#ifndef DVM_ACCOUNT_H
#define DVM_ACCOUNT_H

#include <stdio.h>

#include "agent.h"

/*
 * Lines of /etc/passwd and /etc/group as Docker's parser reads them (moby/sys/user): blanks around
 * a line don't count, fields that aren't there are empty, a field that is no number is 0.
 */

#define ACCOUNT_FIELDS 7

enum passwd_field { PASSWD_NAME = 0, PASSWD_UID = 2, PASSWD_GID = 3, PASSWD_HOME = 5 };
enum group_field { GROUP_NAME = 0, GROUP_GID = 2, GROUP_MEMBERS = 3 };

struct account_file {
    const char *path;
    FILE *file; /* NULL: there is none */
    char *line;
    size_t room;
    size_t line_max;
    char *fields[ACCOUNT_FIELDS]; /* of the line that was read last */
};

/* A file that isn't there, or is none, has no lines. */
int passwd_open(struct account_file *accounts, struct failure *failure);
int group_open(struct account_file *accounts, struct failure *failure);
/* Takes a stream over; may be NULL. */
void account_adopt(struct account_file *accounts, FILE *file);
void account_close(struct account_file *accounts);
#define cleanup_account __attribute__((cleanup(account_close)))

/* 1: `fields` has the next line; 0: there is none; -1: a failure. */
int passwd_next(struct account_file *accounts, struct failure *failure);
/* The same, which knows comments. */
int group_next(struct account_file *accounts, struct failure *failure);

/* Go's strconv.Atoi: false for what is no number, which is 0, or too large, which is the largest.
 */
bool account_number(const char *text, int64_t *number);

#endif
