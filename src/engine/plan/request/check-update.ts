import { checkRestart } from "./check-restart.ts";
import { type AskedUpdate, updateWarnings } from "./resources/merge-update.ts";
import { settleResources } from "./resources/settle-resources.ts";
import { DvmError } from "../../../base/errors.ts";

/** Looks at what an update asks for, before anybody knows of which container. */
export function checkUpdate(
  { resources: given, restartPolicy }: AskedUpdate,
  hostCpus: number,
): { asked: AskedUpdate; warnings: string[] } {
  if (restartPolicy !== undefined)
    checkRestart({ RestartPolicy: restartPolicy, AutoRemove: false });
  if (given.CpuRealtimePeriod !== 0 || given.CpuRealtimeRuntime !== 0)
    throw new DvmError("invalid", "kernel does not support CPU real-time scheduler");
  const { resources, warnings } = settleResources(given, { hostCpus, isUpdate: true });
  return { asked: { resources, restartPolicy }, warnings: [...warnings, ...updateWarnings(given)] };
}
