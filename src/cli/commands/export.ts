import { checkOutput, writeOutput } from "../archive/write-output.ts";
import type { Command } from "../command.ts";

export const command: Command = {
  name: "export",
  usage: "[OPTIONS] CONTAINER",
  summary: "Export a container's filesystem as a tar archive",
  flags: [
    { name: "output", short: "o", kind: "text", summary: "Write to a file, instead of STDOUT" },
  ],
  arguments: { min: 1, max: 1 },
  async run({ flags, positionals: [name = ""] }, context) {
    const file = flags.text("output") || undefined;
    checkOutput(file, context);
    await writeOutput(await context.client.files.export(name), file, context);
  },
};
