#ifndef DVM_CHANGES_H
#define DVM_CHANGES_H

#include <sys/types.h>

/*
 * Starts the process that does to the file system of shares what others have done on the host
 * (share_changes.h): `orders` are struct shared_change with two names, one after the other; for
 * each it writes a byte to `done`. Its pid, or -1 with errno.
 */
pid_t changes_start(int orders, int done);

#endif
