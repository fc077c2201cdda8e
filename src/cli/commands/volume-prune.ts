import { asStrings } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { forceFlag, isConfirmed } from "../output/confirm.ts";
import { readFilters } from "../options/filters.ts";
import { longFilterFlag } from "../output/list-flags.ts";
import { printDeleted, printReclaimed, reclaimedBytes } from "../output/print-pruned.ts";

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
    const answer = await context.client.volumes.prune(filters);
    printDeleted(context.stdout, "Deleted Volumes", asStrings(answer["VolumesDeleted"]));
    printReclaimed(context.stdout, reclaimedBytes(answer));
  },
};
