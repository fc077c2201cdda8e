#pragma once

/*
 * How the daemon says what a machine may reach: lines over a Unix stream socket, each answered by
 * `ok` or `error TEXT`.
 *
 *   add NAME ro|rw real|mapped|ours PATH     the path percent-encoded
 *   remove PREFIX                           all whose names begin so
 *   ping
 */

/* Listens at a path, and answers in a thread of its own. NULL when it listens, else why not. */
const char *control_start(const char *path);
