#ifndef DVM_NETWORK_H
#define DVM_NETWORK_H

#include "agent.h"

int network_up_loopback(struct failure *failure);
/* Sets eth0 up; `address` is "a.b.c.d/bits". */
int network_up(const char *address, const char *gateway, struct failure *failure);
/* Gives eth0 this address, "xx:xx:xx:xx:xx:xx". */
int network_set_mac(const char *text, struct failure *failure);

#endif
