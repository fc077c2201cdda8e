import type { Command } from "../command.ts";
import { boolean } from "../options/flag-kinds.ts";
import { inspectFormatFlag, printInspected } from "../output/print-inspected.ts";

export const command: Command = {
  name: "network inspect",
  usage: "[OPTIONS] NETWORK [NETWORK...]",
  summary: "Display detailed information on one or more networks",
  flags: [inspectFormatFlag, boolean("verbose", "Verbose output for diagnostics", "v")],
  arguments: { min: 1 },
  run: ({ flags, positionals }, context) =>
    printInspected(context, {
      names: positionals,
      format: flags.text("format"),
      inspect: (name) => context.client.networks.inspect(name, flags.boolean("verbose")),
    }),
};
