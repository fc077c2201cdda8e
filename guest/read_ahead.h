#ifndef DVM_READ_AHEAD_H
#define DVM_READ_AHEAD_H

/* Reads a program, and what it will be loaded with, so that they are at hand. */
void read_program_ahead(const char *path);

#endif
