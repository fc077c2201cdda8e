#ifndef DVM_PORT_H
#define DVM_PORT_H

/*
 * Opens the virtio-serial port of this name, for a loop: reading and writing don't wait. The kernel
 * may be about to find it: waits ten seconds at most. -1 with errno.
 */
int port_open(const char *name);

#endif
