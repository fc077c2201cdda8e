#ifndef DVM_MUX_LINES_H
#define DVM_MUX_LINES_H

#include <stddef.h>

/*
 * Who is told what to do on a Unix socket: a line is a request, with its words between single
 * spaces; each is answered by a line, in order. Any number of connections may be open.
 */

#define MUX_WORDS_MAX 9u /* more is no request of anybody's */

/*
 * Does one request. 0: it is answered by "ok", with `said` behind that where it has been written.
 * -1 with errno: by "error NUMBER TEXT", the text being `said`, or what errno means.
 */
typedef int mux_request(char **words, size_t count, char *said, size_t room);

/* Of a word whose bytes may be written as %XX; in its place. -1 with errno. */
int mux_word_decode(char *word);

/* Listens at `path`, for its owner only; -1 with errno. Once in a process. */
int mux_lines_open(const char *path, mux_request *request);

#endif
