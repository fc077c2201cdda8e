#ifndef DVM_SWITCH_TRAITS_H
#define DVM_SWITCH_TRAITS_H

/* What a network is, and what a port may: bits, in the order of the names of control.h. */
enum network_trait { NETWORK_INTERNAL = 1, NETWORK_MASQUERADE = 2, NETWORK_ISOLATED = 4 };
enum port_trait { PORT_ISOLATED = 1, PORT_USES_HOST = 2 };

#endif
