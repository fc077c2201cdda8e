#ifndef DVM_SWITCH_ANNOUNCE_H
#define DVM_SWITCH_ANNOUNCE_H

#include "networks.h"

/*
 * Tells all on a bridge, and this host, whose address it is now: who had it before may have been
 * another a moment ago. Best effort: else they find out by themselves, within a minute.
 */
void announce_port(const struct port_wish *wish);

#endif
