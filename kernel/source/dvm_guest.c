// SPDX-License-Identifier: GPL-2.0
/*
 * lapic_timer_khz=N on the command line: the rate of the local APIC's timer. Without it a kernel
 * measures that rate for a tenth of a second, where the timer has no TSC deadline; QEMU's emulated
 * one counts nanoseconds.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <asm/apic.h>

static int __init lapic_timer_rate(char *text)
{
	unsigned int khz;

	if (!text || kstrtouint(text, 10, &khz) || khz < 1000 || khz > 4000000)
		return -EINVAL;
	lapic_timer_period = khz * 1000u / HZ;
	return 0;
}
early_param("lapic_timer_khz", lapic_timer_rate);
