#ifndef DVM_SWITCH_REQUESTS_H
#define DVM_SWITCH_REQUESTS_H

#include <stddef.h>

#define REQUEST_WORDS_MAX 8u

/* Does one request of control.h; -1 with errno, and perhaps with what a program said of it. */
int request_do(char **words, size_t count, char *said, size_t room);

#endif
