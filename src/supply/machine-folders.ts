import { join } from "node:path";
import { shortId } from "../base/ids.ts";

/** Where run folders of machines are, each named by the beginning of its machine's id. */
export function machineFolders(runRoot: string): string {
  return join(runRoot, "machines");
}

export function machineFolder(runRoot: string, machineId: string): string {
  return join(machineFolders(runRoot), shortId(machineId));
}

/** Disks of machines that no container has; emptied when a daemon starts. */
export function disksFolder(dataRoot: string): string {
  return join(dataRoot, "pool");
}
