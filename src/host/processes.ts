import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { systemErrorCode } from "../base/errors.ts";

const endPollMs = 100;

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
 * a zombie. With the pid it names a process for as long as the host is up (proc(5), stat field 22).
 */
export async function processStartTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

/** Returns when the process that `pid` and `startTime` name has gone. Not for our own children. */
export async function waitForProcessEnd(pid: number, startTime: string): Promise<void> {
  while ((await processStartTime(pid)) === startTime) {
    await delay(endPollMs);
  }
}
