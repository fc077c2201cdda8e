#ifndef DVM_ROOT_H
#define DVM_ROOT_H

#include <stdbool.h>

/* Where the container's root comes from. */
#define ROOT_IMAGE "/run/image"
#define ROOT_SCRATCH "/run/scratch"
#define ROOT_UPPER ROOT_SCRATCH "/upper"

/* Whether image and scratch disk are joined. */
bool root_is_there(void);

#endif
