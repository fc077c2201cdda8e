import type { Confinement, GuestDevice } from "../../agent/agent-client.ts";
import type { Kernel } from "../../kernel/kernel-catalogue.ts";
import { maskedPaths, readOnlyPaths, type RunSpecification } from "../records.ts";
import { capabilityMask, capabilityNames } from "./capability-mask.ts";
import { defaultDeviceRules, parseDeviceRule } from "./device-rules.ts";
import { seccompFilter } from "./seccomp/seccomp-filter.ts";

/** What of a kernel decides what a container is kept from. */
export type ConfiningKernel = Pick<Kernel, "release" | "judgesDevices">;

interface Confined {
  process: Pick<RunSpecification["process"], "privileged" | "capabilities">;
  confinement: Omit<RunSpecification["confinement"], "deviceRequests">;
}

/** What keeps a container's processes from doing and seeing all. Pure. */
export function confinementOf(
  { process, confinement }: Confined,
  kernel: ConfiningKernel,
  devices: GuestDevice[],
): Confinement {
  const { privileged } = process;
  const rules = [...defaultDeviceRules, ...confinement.deviceRules.map(parseDeviceRule)];
  return {
    filter: seccompFilter({
      seccomp: confinement.seccomp,
      privileged,
      capabilities: capabilityNames(capabilityMask({ ...process.capabilities, privileged })),
      kernelRelease: kernel.release,
      guardedBy: privileged || kernel.judgesDevices === true ? undefined : rules,
    }),
    paths: systemPaths(confinement, privileged),
    writableCgroups: confinement.writableCgroups,
    devices,
    deviceRules: privileged ? undefined : rules,
  };
}

/** Undefined: those that every container has. */
function systemPaths(
  given: Pick<Confined["confinement"], "maskedPaths" | "readOnlyPaths">,
  privileged: boolean,
): Confinement["paths"] {
  if (given.maskedPaths === null && given.readOnlyPaths === null && !privileged) return undefined;
  return {
    masked: given.maskedPaths ?? (privileged ? [] : maskedPaths),
    readOnly: given.readOnlyPaths ?? (privileged ? [] : readOnlyPaths),
  };
}

/** Of a container that asks for nothing. */
export function plainConfinement(kernel: ConfiningKernel): Confinement {
  const process = { privileged: false, capabilities: { add: [], drop: [] } };
  const confinement = {
    ...{ seccomp: "", maskedPaths: null, readOnlyPaths: null, writableCgroups: false },
    ...{ devices: [], deviceRules: [] },
  };
  return confinementOf({ process, confinement }, kernel, []);
}
