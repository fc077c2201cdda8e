#ifndef DVM_SPARSE_H
#define DVM_SPARSE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes the next bytes of a new file, at `at`: blocks that hold nothing but zeros are left out.
 * When all has come the file must be given its size. -1 with errno.
 */
int write_sparse(int fd, const uint8_t *bytes, size_t count, uint64_t at);

#endif
