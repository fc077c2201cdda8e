import { DvmError } from "../../base/errors.ts";
import type { RunSpecification } from "../records.ts";
import { parseDeviceRule } from "./device-rules.ts";
import { checkSysctls } from "./check-sysctls.ts";
import { resourceLimits } from "./resource-limits.ts";
import { checkTmpfsOptions } from "./tmpfs-options.ts";

const longestNameBytes = 64;

/** Refuses, before anything is made, what Docker takes at create and refuses at the start. */
export function checkRun(run: RunSpecification): void {
  const { process, mounts, confinement } = run;
  checkSysctls(run.inside.sysctls);
  for (const name of [run.hostname, run.domainname])
    if (Buffer.byteLength(name) > longestNameBytes)
      throw new DvmError("unclassified", "sethostname: invalid argument");
  for (const rule of confinement.deviceRules) parseDeviceRule(rule);
  for (const request of confinement.deviceRequests) refuseDeviceRequest(request);
  resourceLimits(process.limits);
  for (const { kind, options } of mounts) if (kind === "tmpfs") checkTmpfsOptions(options ?? "");
}

/** In the words of a dockerd that has no such driver either. */
function refuseDeviceRequest({
  driver,
  ids,
  capabilities,
}: RunSpecification["confinement"]["deviceRequests"][number]): never {
  if (driver === "cdi")
    throw new DvmError(
      "unclassified",
      `CDI device injection failed: unresolvable CDI devices ${ids.join(", ")}`,
    );
  const listed = capabilities.map((one) => `[${one.join(" ")}]`).join(" ");
  throw new DvmError(
    "unclassified",
    `could not select device driver ${JSON.stringify(driver)} with capabilities: [${listed}]`,
  );
}
