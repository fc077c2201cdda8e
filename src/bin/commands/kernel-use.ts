import { DvmError } from "../../base/errors.ts";
import type { Command } from "../../cli/command.ts";
import {
  findStoredKernel,
  requireFeatures,
  verifyKernel,
  writeDefaultKernel,
} from "../../kernel/kernel-catalogue.ts";
import { chooseHypervisor } from "../hypervisors.ts";

/** `dvm kernel use`: by name a later build of the recipe takes over, by id it does not. */
export const command: Command = {
  name: "kernel use",
  usage: "[OPTIONS] [KERNEL]",
  summary: "Set the kernel that machines start with when none is named",
  flags: [{ name: "clear", kind: "boolean", summary: "Use the best there is again" }],
  arguments: { min: 0, max: 1 },
  async run({ flags, positionals: [name] }, { places, environment, stdout }) {
    if ((name === undefined) !== flags.boolean("clear"))
      throw new DvmError("invalid", "cannot set the default kernel: give a kernel or --clear");
    if (name === undefined) return await writeDefaultKernel(places.dataRoot, undefined);
    const kernel = await findStoredKernel(places.dataRoot, name);
    const wanted = await chooseHypervisor(places.dataRoot, environment["DVM_HYPERVISOR"]);
    requireFeatures(kernel, wanted.kernelFeatures);
    const faults = await verifyKernel(kernel);
    if (faults.length > 0)
      throw new DvmError("damaged", `cannot use kernel ${kernel.id}:\n${faults.join("\n")}`);
    const chosen = kernel.name === name ? name : kernel.id;
    await writeDefaultKernel(places.dataRoot, chosen);
    stdout.write(`${chosen}\n`);
  },
};
