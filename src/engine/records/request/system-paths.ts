/** What Docker hides from programs in a container, unless it is told otherwise. */
export const maskedPaths = [
  ...["/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys"],
  ...["/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug"],
  ...["/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"],
];

/** What it lets nobody write to. */
export const readOnlyPaths = [
  ...["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
];
