#ifndef DVM_EMPTY_H
#define DVM_EMPTY_H

#include <stdbool.h>

/* Whether nothing is in it; of what can't be read it is not so. `folder` may be an O_PATH. */
bool folder_is_empty(int folder);

#endif
