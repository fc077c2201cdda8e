#ifndef DVM_SWITCH_VETH_H
#define DVM_SWITCH_VETH_H

/*
 * veth NAME PID MTU ADDRESS[,ADDRESS…]
 * As root, in the host's network: makes an interface with these addresses, whose other end is up0
 * in the network of the process PID. One of that name that is there is made anew.
 *
 * unveth NAME
 * Removes it.
 *
 * route NAME GATEWAY[,GATEWAY…] SUBNET[,SUBNET…]
 * Leads to these subnets by it, through the gateway of their family.
 */
int veth_main(int count, char **words);
int unveth_main(int count, char **words);
int route_main(int count, char **words);

#endif
