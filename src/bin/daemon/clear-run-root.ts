import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DvmError, ignore, systemErrorCode } from "../../base/errors.ts";
import { madeBinary } from "../../host/made-binary.ts";
import type { Places } from "../../host/places.ts";
import { endProcess, isAlive, type ProcessIdentity } from "../../host/processes.ts";
import { switchProgram } from "../../host/switch-program.ts";
import { Switch } from "../../network/switch/switch.ts";
import { claimRunRoot } from "./claim-run-root.ts";

const daemonDeadlineMs = 60_000;
const processDeadlineMs = 10_000;
const pollMs = 50;
const lockFiles = /^dvm\.lock/;

/**
 * Ends the daemon of a run root, if one runs, and all that outlives it; takes back what the host's
 * network was given, and removes what lies in the run root. Gives how many processes were left.
 */
export async function clearRunRoot(where: Places): Promise<number> {
  await using _claim = await endDaemon(where);
  const left = await endCompanions(where.runRoot);
  await endSwitch(where);
  for (const name of await readdir(where.runRoot))
    if (!lockFiles.test(name)) await rm(join(where.runRoot, name), { recursive: true });
  return left;
}

/** Returns when it has gone and none can be started. */
async function endDaemon(where: Places): Promise<AsyncDisposable> {
  const deadline = performance.now() + daemonDeadlineMs;
  for (let asked = false; ; asked = true) {
    try {
      return await claimRunRoot(where, undefined);
    } catch (error) {
      const runs = error instanceof DvmError && error.code === "conflict";
      if (!runs || performance.now() > deadline) throw error;
    }
    if (!asked) await askToEnd(where.pidFile);
    await delay(pollMs);
  }
}

async function askToEnd(pidFile: string): Promise<void> {
  const pid = Number(await ignore("ENOENT", () => readFile(pidFile, "utf8")));
  if (!Number.isInteger(pid) || pid < 1) return;
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if (systemErrorCode(error) !== "ESRCH") throw error;
  }
}

/** Machines and what serves them, by what they left in the run root. */
async function endCompanions(runRoot: string): Promise<number> {
  const names = await readdir(runRoot, { recursive: true });
  const files = names.filter((name) => name.endsWith(".pid"));
  const found = await Promise.all(files.map((name) => identityOf(join(runRoot, name))));
  const alive: ProcessIdentity[] = [];
  for (const one of found) if (one !== undefined && (await isAlive(one))) alive.push(one);
  for (const { pid } of alive) endProcess(pid);
  const deadline = performance.now() + processDeadlineMs;
  for (const one of alive)
    while ((await isAlive(one)) && performance.now() < deadline) await delay(pollMs);
  return alive.length;
}

async function identityOf(file: string): Promise<ProcessIdentity | undefined> {
  const text = (await ignore("ENOENT", () => readFile(file, "utf8"))) ?? "";
  const [, pid, startTime] = /^([1-9]\d*) (\d+)\n$/.exec(text) ?? [];
  if (pid === undefined || startTime === undefined) return undefined;
  return { pid: Number(pid), startTime };
}

/** Its processes have gone already: what it has of the host's own network hasn't. */
async function endSwitch({ runRoot, dataRoot }: Places): Promise<void> {
  const folder = join(runRoot, "switch");
  if ((await ignore("ENOENT", () => readdir(folder))) === undefined) return;
  await new Switch({
    ...{ folder, dataRoot, machines: join(runRoot, "machines") },
    program: () => madeBinary(dataRoot, switchProgram),
    isRoot: process.getuid?.() === 0,
    log: () => {},
  }).end();
}
