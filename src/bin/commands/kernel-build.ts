import type { CliContext, Command } from "../../cli/command.ts";
import { buildKernel, recipeNames } from "../../kernel/kernel-catalogue.ts";
import { stoppedBySignal } from "../stopped-by-signal.ts";
import { showBuildProgress } from "./kernel-progress.ts";
import { setUpMachine } from "./setup.ts";

/** `dvm kernel build [NAME]`: says on standard error how far it is, prints the kernel's path. */
export const command: Command = {
  name: "kernel build",
  usage: "[OPTIONS] [NAME]",
  summary: `Build a small kernel of DVM's own, by a recipe (default "hyper")`,
  flags: [
    { name: "yes", short: "y", kind: "boolean", summary: "Install the tools it needs, unasked" },
    {
      name: "source",
      kind: "text",
      value: "version|path",
      summary: "Which linux-source package, as in 6.12, or an archive of Linux",
    },
    { name: "list", kind: "boolean", summary: "List the recipes instead" },
  ],
  arguments: { min: 0, max: 1 },
  async run({ flags, positionals: [recipe] }, context) {
    if (flags.boolean("list")) {
      context.stdout.write((await recipeNames()).map((name) => `${name}\n`).join(""));
      return;
    }
    if (flags.boolean("yes")) await setUpMachine(context, { what: "kernel", assumeYes: true });
    const kernel = await build(context, { recipe, source: flags.text("source") });
    context.stdout.write(`${kernel.path}\n`);
  },
};

async function build(
  { places, stderr }: CliContext,
  wants: { recipe: string | undefined; source: string | undefined },
) {
  using progress = showBuildProgress(stderr);
  return await buildKernel(places.dataRoot, {
    ...wants,
    onProgress: progress.take,
    signal: stoppedBySignal("build a kernel"),
  });
}
