import { readdir, readFile } from "node:fs/promises";
import { systemErrorCode } from "../../../base/errors.ts";
import { endProcess } from "../../../host/processes.ts";
import type { Machine } from "../../machine.ts";
import { escaped } from "./escaped.ts";

/** Ends every QEMU whose sockets are below `root`, but those of `keep`. */
export async function endStrays(root: string, keep: readonly Machine[]): Promise<string[]> {
  const kept = new Set(keep.map(({ processId }) => processId));
  const strays = (await processesBelow(root)).filter((pid) => !kept.has(pid));
  for (const pid of strays) endProcess(pid);
  return strays.map((pid) => `process ${pid}`);
}

/** By their command lines: one whose daemon was killed right after its start has no pid file yet. */
async function processesBelow(root: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const words = (await readCommandLine(name)).split("\0");
    const isQemu = words[0]?.includes("qemu-system") ?? false;
    if (isQemu && words.some((word) => word.includes(`path=${escaped(root)}/`)))
      found.push(Number(name));
  }
  return found;
}

async function readCommandLine(pid: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/cmdline`, "utf8");
  } catch (error) {
    // it has gone meanwhile, or is none of ours
    if (["ENOENT", "ESRCH", "EACCES"].includes(systemErrorCode(error) ?? "")) return "";
    throw error;
  }
}
