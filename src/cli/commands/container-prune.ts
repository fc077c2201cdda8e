import { asStrings } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { readFilters } from "../options/filters.ts";
import { forceFlag, isConfirmed } from "../output/confirm.ts";
import { longFilterFlag } from "../output/list-flags.ts";
import { printDeleted, printReclaimed, reclaimedBytes } from "../output/print-pruned.ts";

export const command: Command = {
  name: "container prune",
  usage: "[OPTIONS]",
  summary: "Remove all stopped containers",
  flags: [longFilterFlag, forceFlag],
  arguments: { min: 0, max: 0 },
  async run({ flags }, context) {
    const warning = "This will remove all stopped containers.";
    if (!flags.boolean("force") && !(await isConfirmed(context, warning))) return;
    const answer = await context.client.containers.prune(readFilters(flags.list("filter")));
    printDeleted(context.stdout, "Deleted Containers", asStrings(answer["ContainersDeleted"]));
    printReclaimed(context.stdout, reclaimedBytes(answer));
  },
};
