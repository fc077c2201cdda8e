#pragma once

#include <stdbool.h>

/* Whether SETXATTR has its long form, as agreed upon when the session began. */
bool init_has_long_setxattr(void);
