import type { Command } from "../../cli/command.ts";
import { inspectFormatFlag, printInspected } from "../../cli/output/print-inspected.ts";
import { findStoredKernel } from "../../kernel/kernel-catalogue.ts";

/** `dvm kernel inspect`: what a kernel was made of, and the digests of its files. */
export const command: Command = {
  name: "kernel inspect",
  usage: "[OPTIONS] KERNEL [KERNEL...]",
  summary: "Display detailed information on one or more kernels",
  flags: [inspectFormatFlag],
  arguments: { min: 1 },
  run: ({ flags, positionals }, context) =>
    printInspected(context, {
      names: positionals,
      format: flags.text("format"),
      inspect: async (name) => ({ ...(await findStoredKernel(context.places.dataRoot, name)) }),
    }),
};
