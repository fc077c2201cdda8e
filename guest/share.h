#ifndef DVM_SHARE_H
#define DVM_SHARE_H

#include "agent.h"

/* Where what the host shares is mounted. */
#define SHARES_FOLDER "/run/shares"

/*
 * Folders and files of the host, by the names that the host gives them. One FUSE file system holds
 * all of them; its requests go to the host by a port of their own (share_relay.h). It stays mounted
 * as long as the machine lives.
 */

/* Mounts it, if it isn't yet; nobody need answer at the other end before share_open(). */
int shares_mount(struct failure *failure);
/* Opens (O_PATH) what is shared by this name. */
/* Where what is shared by this name is, once it was opened. */
void share_path(const char *name, char *path, size_t room);
int share_open(const char *name, struct failure *failure);
/* What was written by mappings of files is on the host when this returns. */
void shares_sync(void);

#endif
