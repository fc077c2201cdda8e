#ifndef DVM_SWITCH_NAMESPACE_H
#define DVM_SWITCH_NAMESPACE_H

/*
 * A network namespace that this process owns. It is in a user namespace, which has only us, so
 * that even root has no rights in it over the host; where the host grants none, root goes without.
 * Both in two steps, for what has to be done between them. -1 with errno.
 */
int namespace_own_users(void);
int namespace_own_network(void);

/* In place of them: those of a network namespace that is there, by a path of /proc/PID/fd. */
int namespace_join_users(int network);
int namespace_join_network(int network);

#endif
