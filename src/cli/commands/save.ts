import { checkOutput, writeOutput } from "../archive/write-output.ts";
import type { Command } from "../command.ts";

export const command: Command = {
  name: "save",
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  summary: "Save one or more images to a tar archive (streamed to STDOUT by default)",
  flags: [
    {
      name: "output",
      short: "o",
      kind: "text",
      value: "file",
      summary: "Write to a file, instead of STDOUT",
    },
  ],
  arguments: { min: 1 },
  async run({ flags, positionals }, context) {
    const file = flags.text("output") || undefined;
    checkOutput(file, context);
    await writeOutput(await context.client.images.save(positionals), file, context);
  },
};
