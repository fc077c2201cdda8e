#ifndef DVM_SWITCH_REQUESTS_H
#define DVM_SWITCH_REQUESTS_H

#include <stddef.h>

#define REQUEST_WORDS_MAX 8u

/* Does one request of control.h; -1 with errno. */
int request_do(char **words, size_t count);

#endif
