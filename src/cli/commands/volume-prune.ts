import { asNumber, asStrings } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { forceFlag, isConfirmed } from "../output/confirm.ts";
import { readFilters } from "../options/filters.ts";
import { decimalSize } from "../../base/describe-size.ts";
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
    forceFlag,
  ],
  arguments: { min: 0, max: 0 },
  async run({ flags }, context) {
    const all = flags.boolean("all");
    const what = all ? "all local volumes" : "anonymous local volumes";
    const warning = `This will remove ${what} not used by at least one container.`;
    if (!flags.boolean("force") && !(await isConfirmed(context, warning))) return;
    const filters = readFilters(flags.list("filter"));
    if (all) filters["all"] = ["true"];
    const answer = await context.client.pruneVolumes(filters);
    const names = asStrings(answer["VolumesDeleted"]);
    if (names.length > 0) context.stdout.write(`Deleted Volumes:\n${names.join("\n")}\n\n`);
    const space = decimalSize(asNumber(answer["SpaceReclaimed"]));
    context.stdout.write(`Total reclaimed space: ${space}\n`);
  },
};
