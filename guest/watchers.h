#ifndef DVM_WATCHERS_H
#define DVM_WATCHERS_H

#include <stdbool.h>

/* Whether any process of the machine has files watched (inotify, fanotify); as of a second ago. */
bool somebody_watches(void);

#endif
