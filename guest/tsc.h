#ifndef DVM_TSC_H
#define DVM_TSC_H

#include <stdint.h>

/*
 * Run on the host as `agent tsc`: prints how many kHz the time stamp counter has. By emulation a
 * guest sees the host's counter, and can't measure it reliably with the timers that it is given.
 */
int print_tsc_khz(void);

#endif
