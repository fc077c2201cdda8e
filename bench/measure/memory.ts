import { readFile } from "node:fs/promises";

/** Bytes that processes cost together by `Pss`: what n share counts by an n-th (proc_pid_smaps(5)). */
export async function proportionalBytes(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map((pid) => kilobytes(`/proc/${pid}/smaps_rollup`, "Pss")));
  return each.reduce((sum, one) => sum + one, 0) * 1024;
}

/** Resident bytes of a process: now, and at most since it began. */
export async function residentBytes(pid: number): Promise<{ now: number; most: number }> {
  const path = `/proc/${pid}/status`;
  return {
    now: (await kilobytes(path, "VmRSS")) * 1024,
    most: (await kilobytes(path, "VmHWM")) * 1024,
  };
}

/** What the kernel holds for available: free, or given back at once when asked for. */
export async function availableBytes(): Promise<number> {
  return (await kilobytes("/proc/meminfo", "MemAvailable")) * 1024;
}

async function kilobytes(path: string, name: string): Promise<number> {
  const text = await readFile(path, "utf8");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
}
