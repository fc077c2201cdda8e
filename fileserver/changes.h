#pragma once

/*
 * Changes by others, told to the guest one after the other, as ../guest/share_changes.h says. What
 * the process asks for that is told is its echo of the change: it is answered, and nothing is done.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "../guest/share_changes.h"
#include "request.h"

struct change {
    struct shared_change what;
    char name[NAME_MAX + 1], to_name[NAME_MAX + 1];
};

/* The guest has a process that is to be told. */
void changes_begin(uint32_t pid);
/* It has heard of the one that was told last. */
void changes_done(void);
/* Whether somebody is to be told. */
bool changes_are_wanted(void);
/* Tells of one, now or later; the oldest ones are not told when there are too many. */
void changes_tell(const struct change *change);
/* Whether a request is an echo. */
bool changes_is_echo(const struct request *request);
/* Answers one; 0 or -errno, or NO_ECHO: it is a request as any other. */
#define NO_ECHO 2
int changes_answer(struct request *request);
