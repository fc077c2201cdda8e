import type { ProcessList } from "../../engine/core.ts";

/** A process as columns show it. */
export type PsProcess = ProcessList["processes"][number] & {
  /** Of its machine. */
  memoryBytes: number;
  startedAt: Date;
  now: Date;
};

export function psProcesses({ processes, memoryBytes }: ProcessList, now: Date): PsProcess[] {
  return processes
    .map((one) => ({
      ...one,
      memoryBytes,
      now,
      startedAt: new Date(now.getTime() - one.ageMs),
    }))
    .sort((left, right) => left.pid - right.pid);
}
