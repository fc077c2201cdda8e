#ifndef DVM_SHARE_H
#define DVM_SHARE_H

#include "agent.h"

/* Folders of the host, by the tags of their 9p devices. Each is mounted once, whoever uses it. */

#define SHARE_PATH_MAX 96

/* Mounts it, if it isn't mounted yet, for the container in this slot; gives where. */
int share_take(const char *tag, unsigned slot, char path[SHARE_PATH_MAX], struct failure *failure);
/* Unmounts those that no other container uses. */
void shares_release(unsigned slot);

#endif
