import { readFile } from "node:fs/promises";
import { systemErrorCode } from "../base/errors.ts";

/** One process for as long as the host is up: a pid may be another's later. */
export interface ProcessIdentity {
  pid: number;
  /** What {@link processStartTime} gives. */
  startTime: string;
}

/** Sends SIGKILL; a process that has gone is as good. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (systemErrorCode(error) !== "ESRCH") throw error;
  }
}

/**
 * Start time of a process in clock ticks since boot, as text; undefined when there is none, or only
 * a zombie (proc(5), stat field 22). An error where that can't be read.
 */
export async function processStartTime(pid: number): Promise<string | undefined> {
  const stat = await readStat(pid);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

/** Whether this very process lives. Where its start time can't be read, whether any has its pid. */
export async function isAlive({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  try {
    return (await processStartTime(pid)) === startTime;
  } catch {
    // out of descriptors nothing can be read; a signal needs none
    return hasProcess(pid);
  }
}

async function readStat(pid: number): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes(systemErrorCode(error) ?? "")) return undefined;
    throw error;
  }
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) !== "ESRCH";
  }
}
