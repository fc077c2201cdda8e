import type { RunSpecification } from "../records.ts";
import { resourceLimits } from "./resource-limits.ts";
import { checkTmpfsOptions } from "./tmpfs-options.ts";

/** Refuses, before anything is made, what Docker takes at create and refuses at the start. */
export function checkRun({ process, mounts }: RunSpecification): void {
  resourceLimits(process.limits);
  for (const { kind, options } of mounts) if (kind === "tmpfs") checkTmpfsOptions(options ?? "");
}
