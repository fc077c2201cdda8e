import { type HostConfig, withoutNothing } from "../engine/records.ts";

/** What Docker leaves out where there is none. */
const leftOut = [
  ...["Annotations", "StorageOpt", "Tmpfs", "Sysctls", "Mounts", "Init", "KernelMemory"],
  ...["KernelMemoryTCP", "Dvm"],
];

/** What is hidden from programs in the container, unless it is said otherwise. */
const maskedPaths = [
  ...["/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys"],
  ...["/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug"],
  ...["/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"],
];
const readOnlyPaths = [
  ...["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
];

/** `HostConfig` as `GET /containers/{id}/json` shows it. */
export function describeHostConfig(hostConfig: HostConfig): object {
  return {
    ...withoutNothing(hostConfig, leftOut),
    ...(hostConfig.Init === null ? {} : { Init: hostConfig.Init }),
    MaskedPaths: hostConfig.MaskedPaths ?? (hostConfig.Privileged ? null : maskedPaths),
    ReadonlyPaths: hostConfig.ReadonlyPaths ?? (hostConfig.Privileged ? null : readOnlyPaths),
  };
}
