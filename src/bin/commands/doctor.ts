import type { Command } from "../../cli/command.ts";
import { jsonFlag } from "../../cli/output/list-flags.ts";
import { findQemu } from "../../machine/drivers/qemu/find-qemu.ts";
import { forwardingBlockedBy } from "../../network/switch/host-firewall.ts";
import { diagnose, type DiagnoseInput, type Finding } from "../../setup/doctor.ts";
import { hostQemu } from "../hypervisors.ts";

const marks: Record<Finding["state"], string> = {
  found: "ok     ",
  warning: "warning",
  missing: "MISSING",
};

/** `dvm doctor`: exit code 1 when something is missing. */
export const command: Command = {
  name: "doctor",
  usage: "[OPTIONS]",
  summary: "Say what of this machine DVM uses, what is missing and what follows",
  flags: [jsonFlag],
  arguments: { min: 0, max: 0 },
  async run({ flags }, { places: { dataRoot, runRoot }, environment, stdout }) {
    const findings = await diagnose({
      ...{ dataRoot, runRoot, environment, vmm: hostVmm(dataRoot) },
      forwardingBlockedBy: () => forwardingBlockedBy(dataRoot),
    });
    if (flags.boolean("json")) stdout.write(`${JSON.stringify(findings, undefined, 2)}\n`);
    else for (const finding of findings) stdout.write(describe(finding));
    return findings.some(({ state }) => state === "missing") ? 1 : 0;
  },
};

function hostVmm(dataRoot: string): DiagnoseInput["vmm"] {
  const hypervisor = hostQemu(dataRoot);
  return {
    kernelFeatures: hypervisor.kernelFeatures,
    find: () => findQemu(dataRoot),
    chooseAccelerator: (kernel) => hypervisor.chooseAccelerator("auto", kernel),
  };
}

function describe({ part, state, fact, consequence, remedy }: Finding): string {
  const more = [
    ...(consequence === undefined ? [] : [`so: ${consequence}`]),
    ...(remedy === undefined ? [] : [`do: ${remedy}`]),
  ];
  return [`${marks[state]}  ${part}: ${fact}`, ...more.map((line) => `         ${line}`)]
    .map((line) => `${line}\n`)
    .join("");
}
