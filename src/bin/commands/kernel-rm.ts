import type { Command } from "../../cli/command.ts";
import { eachName } from "../../cli/each-name.ts";
import { findStoredKernel, removeKernel } from "../../kernel/kernel-catalogue.ts";

export const command: Command = {
  name: "kernel rm",
  usage: "[OPTIONS] KERNEL [KERNEL...]",
  summary: "Remove one or more kernels; machines that run them go on",
  flags: [{ name: "force", short: "f", kind: "boolean", summary: "Remove the default one, too" }],
  arguments: { min: 1 },
  run: ({ flags, positionals }, context) =>
    eachName(context, positionals, async (name) => {
      const kernel = await findStoredKernel(context.places.dataRoot, name);
      await removeKernel(context.places.dataRoot, kernel, { force: flags.boolean("force") });
      return kernel.id;
    }),
};
