import { readFile, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { ignore, systemErrorCode } from "../../base/errors.ts";
import { isAlive } from "../../host/processes.ts";

/** Where a machine's process has the namespace of its taps (switch/launcher.h). */
const descriptor = 9;

/**
 * The network namespace of a switch that was killed, which machines hold that had taps of it: as a
 * path of /proc, undefined where no machine runs. `machines` is the folder of their run folders.
 */
export async function earlierNamespace(machines: string): Promise<string | undefined> {
  const names = (await ignore("ENOENT", () => readdir(machines, { recursive: true }))) ?? [];
  for (const name of names.filter((name) => name.endsWith(".pid"))) {
    const pid = await runningPid(join(machines, name));
    if (pid === undefined) continue;
    const path = `/proc/${pid}/fd/${descriptor}`;
    if ((await targetOf(path))?.startsWith("net:[")) return path;
  }
  return undefined;
}

async function runningPid(file: string): Promise<number | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  const [, pid, startTime] = /^([1-9]\d*) (\d+)\n$/.exec(text) ?? [];
  if (pid === undefined || startTime === undefined) return undefined;
  return (await isAlive({ pid: Number(pid), startTime })) ? Number(pid) : undefined;
}

async function targetOf(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (["ENOENT", "EACCES", "EPERM", "ESRCH"].includes(systemErrorCode(error) ?? ""))
      return undefined;
    throw error;
  }
}
