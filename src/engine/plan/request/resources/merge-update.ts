import { DvmError } from "../../../../base/errors.ts";
import type { HostConfig, Resources } from "../../../records.ts";

/** What an update asks for: what holds nothing stays as it is. */
export interface AskedUpdate {
  resources: Resources;
  /** Undefined: the policy stays. */
  restartPolicy: HostConfig["RestartPolicy"] | undefined;
}

/** Docker's update changes these; a limit that is 0 stays. */
const changeable = [
  ...(["CpuShares", "NanoCpus", "CpuPeriod", "CpuQuota", "CpusetCpus", "CpusetMems"] as const),
  ...(["Memory", "MemorySwap", "MemoryReservation"] as const),
];
/** These are for creation only. */
const fixed = ["CgroupParent", "Ulimits"] as const;

/** A container's `HostConfig` after an update; `conflict` where that can't be, in Docker's words. */
export function mergeUpdate(
  current: HostConfig,
  { resources, restartPolicy }: AskedUpdate,
): HostConfig {
  const conflict = conflictOf(current, resources);
  if (conflict !== undefined) throw new DvmError("conflict", conflict);
  if (restartPolicy !== undefined && restartPolicy.Name !== "no" && current.AutoRemove)
    throw new DvmError(
      "conflict",
      "Restart policy cannot be updated because AutoRemove is enabled for the container",
    );
  const changed = changeable.filter((field) => Boolean(resources[field]));
  return {
    ...current,
    ...Object.fromEntries(changed.map((field) => [field, resources[field]])),
    PidsLimit: resources.PidsLimit ?? current.PidsLimit,
    RestartPolicy: restartPolicy ?? current.RestartPolicy,
  };
}

/** Of what is asked for, and an update leaves as it is. */
export function updateWarnings(asked: Resources): string[] {
  return fixed
    .filter((field) => Boolean(asked[field]))
    .map((field) => `${field} can be set at creation only. ${field} discarded.`);
}

function conflictOf(current: HostConfig, asked: Resources): string | undefined {
  const clash = (what: string, other: string) =>
    `Conflicting options: ${what} cannot be updated as ${other} has already been set`;
  if (asked.NanoCpus > 0 && current.CpuPeriod > 0) return clash("Nano CPUs", "CPU Period");
  if (asked.NanoCpus > 0 && current.CpuQuota > 0) return clash("Nano CPUs", "CPU Quota");
  if (asked.CpuPeriod > 0 && current.NanoCpus > 0) return clash("CPU Period", "NanoCPUs");
  if (asked.CpuQuota > 0 && current.NanoCpus > 0) return clash("CPU Quota", "NanoCPUs");
  if (asked.Memory > current.MemorySwap && asked.Memory !== 0 && asked.MemorySwap === 0)
    return "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time";
  return undefined;
}
