import { basename } from "node:path";
import { systemErrorCode } from "../../../base/errors.ts";
import { processMemory } from "../../../host/process-memory.ts";
import type { MachineMemory } from "../../machine.ts";
import { templateRam } from "./arguments.ts";

/** The smallest machine; no other mapping of a QEMU is so large. */
const leastGuestBytes = 96 * 2 ** 20;

/** What a QEMU costs the host; undefined when it has gone. */
export async function guestMemory(pid: number): Promise<MachineMemory | undefined> {
  // a clone's RAM is a file of its template, a booted machine's the one mapping of that size
  const isGuest = ({ path, bytes }: { path: string; bytes: number }) =>
    path === ""
      ? bytes >= leastGuestBytes
      : basename(path.replace(/ \(deleted\)$/, "")) === templateRam;
  try {
    const { pssBytes, selected } = await processMemory(pid, isGuest);
    const { pssBytes: totalBytes, privateBytes, sharedBytes } = selected;
    return { totalBytes: pssBytes, guest: { totalBytes, privateBytes, sharedBytes } };
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes(systemErrorCode(error) ?? "")) return undefined;
    throw error;
  }
}
