// SPDX-License-Identifier: GPL-2.0
/*
 * Rates that are known need not be measured at boot.
 */
#include <linux/cache.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <asm/apic.h>
#include <asm/tsc.h>
#include <asm/x86_init.h>

/*
 * lapic_timer_khz=N on the command line: the rate of the local APIC's timer. Without it a kernel
 * measures that rate for a tenth of a second, where the timer has no TSC deadline; QEMU's emulated
 * one counts nanoseconds.
 */
static int __init lapic_timer_rate(char *text)
{
	unsigned int khz;

	if (!text || kstrtouint(text, 10, &khz) || khz < 1000 || khz > 4000000)
		return -EINVAL;
	lapic_timer_period = khz * 1000u / HZ;
	return 0;
}
early_param("lapic_timer_khz", lapic_timer_rate);

static unsigned long known_khz __ro_after_init;

static unsigned long known_cpu_rate(void)
{
	return known_khz;
}

/*
 * Linux' own tsc_early_khz=N: it takes the counter's rate from there, and measures the processor's,
 * which is the same, all the same.
 */
static int __init cpu_rate(char *text)
{
	if (!text || kstrtoul(text, 10, &known_khz) || !known_khz)
		return -EINVAL;
	x86_platform.calibrate_cpu = known_cpu_rate;
	return 0;
}
early_param("tsc_early_khz", cpu_rate);
