import type { Command } from "../command.ts";
import { inspectFormatFlag, printInspected } from "../output/print-inspected.ts";

export const command: Command = {
  name: "volume inspect",
  usage: "[OPTIONS] VOLUME [VOLUME...]",
  summary: "Display detailed information on one or more volumes",
  flags: [inspectFormatFlag],
  arguments: { min: 1 },
  run: ({ flags, positionals }, context) =>
    printInspected(context, {
      names: positionals,
      format: flags.text("format"),
      inspect: (name) => context.client.volumes.inspect(name),
    }),
};
