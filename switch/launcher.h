#ifndef DVM_SWITCH_LAUNCHER_H
#define DVM_SWITCH_LAUNCHER_H

/*
 * run DESCRIPTORS TAP[,TAP…] -- PROGRAM WORD…
 * Asks for taps at the switch's socket of descriptors, and becomes the program, which has them as
 * 10, 11 and so on, and the switch's network namespace as 9, which it keeps alive.
 */
int launcher_main(int count, char **words);

#endif
