import type { Command } from "../../cli/command.ts";
import { buildKernel } from "../../kernel/kernel-catalogue.ts";
import { setUpMachine } from "./setup.ts";

/** `dvm kernel build`: says on standard error how far it is, prints the kernel's path. */
export const command: Command = {
  name: "kernel build",
  usage: "[OPTIONS]",
  summary: "Build DVM's own small kernel",
  flags: [
    { name: "yes", short: "y", kind: "boolean", summary: "Install the tools it needs, unasked" },
  ],
  arguments: { min: 0, max: 0 },
  async run({ flags }, context) {
    if (flags.boolean("yes")) await setUpMachine(context, { what: "kernel", assumeYes: true });
    const stop = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
    const kernel = await buildKernel(context.places.dataRoot, {
      onProgress: (text) => context.stderr.write(`${text}\n`),
      signal: stop.signal,
    });
    context.stdout.write(`${kernel.path}\n`);
  },
};
