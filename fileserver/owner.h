#pragma once

/* Owners and modes of files, by the share's kind of owners. */

#include <sys/stat.h>

#include "node.h"
#include "request.h"

/* Remembers what this process may do as itself. Before any thread is. */
void owner_start(void);
/* Changes a file's owners; UINT32_MAX leaves one. 0, or -errno. */
int owner_set_ids(const struct node *node, uint32_t uid, uint32_t gid);
/* Changes a file's permissions (the kind of `mode` means nothing). 0, or -errno. */
int owner_set_mode(const struct node *node, mode_t mode);
/* This thread makes files as the request's user, until owner_end; and by this umask. 0, or -errno.
 */
int owner_begin(const struct request *request, uint32_t mask);
void owner_end(const struct request *request);
