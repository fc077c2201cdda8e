import { createInterface } from "node:readline/promises";
import { asNumber, asStrings } from "../../client/json.ts";
import type { CliContext, Command } from "../command.ts";
import { readFilters } from "../options/filters.ts";
import { decimalSize } from "../output/describe-size.ts";
import { longFilterFlag } from "../output/list-flags.ts";

export const command: Command = {
  name: "volume prune",
  usage: "[OPTIONS]",
  summary: "Remove unused local volumes",
  flags: [
    {
      name: "all",
      short: "a",
      kind: "boolean",
      summary: "Remove all unused volumes, not just anonymous ones",
    },
    longFilterFlag,
    { name: "force", short: "f", kind: "boolean", summary: "Do not prompt for confirmation" },
  ],
  arguments: { min: 0, max: 0 },
  async run({ flags }, context) {
    const all = flags.boolean("all");
    if (!flags.boolean("force") && !(await isConfirmed(context, all))) return;
    const filters = readFilters(flags.list("filter"));
    if (all) filters["all"] = ["true"];
    const answer = await context.client.pruneVolumes(filters);
    const names = asStrings(answer["VolumesDeleted"]);
    if (names.length > 0) context.stdout.write(`Deleted Volumes:\n${names.join("\n")}\n\n`);
    const space = decimalSize(asNumber(answer["SpaceReclaimed"]));
    context.stdout.write(`Total reclaimed space: ${space}\n`);
  },
};

async function isConfirmed({ stdin, stdout }: CliContext, all: boolean): Promise<boolean> {
  const what = all ? "all local volumes" : "anonymous local volumes";
  const lines = createInterface({ input: stdin });
  try {
    stdout.write(`WARNING! This will remove ${what} not used by at least one container.\n`);
    stdout.write("Are you sure you want to continue? [y/N] ");
    for await (const line of lines) return /^y(es)?$/i.test(line.trim());
    return false;
  } finally {
    lines.close();
  }
}
