#ifndef DVM_UNIX_SOCKET_H
#define DVM_UNIX_SOCKET_H

#include <stddef.h>

/* Unix sockets by path. All give -1 with errno. */

/* For its owner only. `type`: SOCK_STREAM or SOCK_SEQPACKET. */
int unix_listen(const char *path, int type);
int unix_connect(const char *path, int type);
/* One message, with a descriptor unless that is -1. */
int unix_send(int socket, const char *message, size_t count, int descriptor);
/* One message, with a zero behind it; `descriptor` becomes what came with it, else -1. */
int unix_receive(int socket, char *text, size_t room, int *descriptor);

#endif
