import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { processStartTime } from "../host/processes.ts";

const prefix = "kernel-build-";

/**
 * An empty folder for a build, that goes with its owner. What a killed build has left is removed:
 * a build starts clean.
 */
export async function buildFolder(dataRoot: string): Promise<AsyncDisposable & { path: string }> {
  const parent = join(dataRoot, "tmp");
  await mkdir(parent, { recursive: true });
  await removeLeft(parent);
  const own = `${process.pid}.${await processStartTime(process.pid)}`;
  const path = await mkdtemp(join(parent, `${prefix}${own}-`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function removeLeft(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const [pid = "", startTime = ""] = name.slice(prefix.length).split(/[.-]/);
    const isAlive = (await processStartTime(Number(pid)).catch(() => "")) === startTime;
    if (!isAlive) await rm(join(parent, name), { recursive: true, force: true });
  }
}
