import { DvmError } from "../../base/errors.ts";
import type { Command } from "../../cli/command.ts";
import { eachName } from "../../cli/each-name.ts";
import { findStoredKernel, listKernels, verifyKernel } from "../../kernel/kernel-catalogue.ts";

/** `dvm kernel verify`: all kernels when none is named. */
export const command: Command = {
  name: "kernel verify",
  usage: "[KERNEL...]",
  summary: "Check that kernels are what was stored, byte by byte",
  flags: [],
  arguments: { min: 0 },
  async run({ positionals }, context) {
    const { dataRoot } = context.places;
    const ids = (await listKernels(dataRoot)).map(({ id }) => id);
    return await eachName(context, positionals.length > 0 ? positionals : ids, async (name) => {
      const kernel = await findStoredKernel(dataRoot, name);
      const faults = await verifyKernel(kernel);
      if (faults.length === 0) return;
      throw new DvmError("damaged", `cannot trust kernel ${kernel.id}:\n${faults.join("\n")}`, {
        hint: `remove it by dvm kernel rm ${kernel.id}, and build it again`,
      });
    });
  },
};
