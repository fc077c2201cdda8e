import { processMemory, type ProcessMemory } from "../../host/process-memory.ts";
import type { Engine } from "../core/engine.ts";

/** The smallest machine; no other mapping of a VMM is so large. */
const leastGuestBytes = 96 * 2 ** 20;

/** What a machine costs the host; selected: the guest's RAM. */
export type HostMemory = ProcessMemory;

/** Of the machine whose VMM is process `pid`; undefined when that has just gone. */
export async function hostMemory(engine: Engine, pid: number): Promise<HostMemory | undefined> {
  const templates = `${engine.parts.places.dataRoot}/templates/`;
  // a clone's RAM is a file of its template, a booted machine's the one mapping of that size
  const isGuest = ({ path, bytes }: { path: string; bytes: number }) =>
    path.startsWith(templates) || (path === "" && bytes >= leastGuestBytes);
  return processMemory(pid, isGuest).catch(() => undefined);
}
