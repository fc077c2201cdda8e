#pragma once

/*
 * What the guest may keep of names and attributes for some seconds, without asking again: where all
 * changes are heard of (watch.c), so that it can be taken back. What has changed a moment ago, by
 * whomever, it may not keep.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "request.h"

#define KEPT_S 5u

/* How much was heard so far: what was read before something was heard may not be kept. */
uint32_t kept_news(void);
/* Of a change: before it is looked up what was kept. */
void kept_hear(const char *name);
/* Whether the guest may still be about to hear of something that was taken back. */
bool kept_took_back_lately(void);
/* Whether an entry of this name was heard of a moment ago. */
bool kept_is_news(const char *name);
/* Nothing that this answer says may be kept. */
void kept_strip(struct request *request);
/* The guest forgets an entry of a folder; what it knows of a file's attributes. */
void kept_take_back_name(uint64_t folder, const char *name);
void kept_take_back_attributes(uint64_t node);
