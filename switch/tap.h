#ifndef DVM_SWITCH_TAP_H
#define DVM_SWITCH_TAP_H

/* A descriptor of a new TAP interface; -1 with errno. EEXIST: there is one of that name. */
int tap_open(const char *name);

#endif
