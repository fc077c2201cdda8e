#ifndef DVM_SWITCH_SERVE_H
#define DVM_SWITCH_SERVE_H

/*
 * serve CONTROL DESCRIPTORS
 * Makes a network namespace, and does there what it is told.
 */
int serve_main(int count, char **words);

#endif
