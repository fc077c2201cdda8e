import { asStrings } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { readFilters } from "../options/filters.ts";
import { forceFlag, isConfirmed } from "../output/confirm.ts";
import { longFilterFlag } from "../output/list-flags.ts";
import { printDeleted } from "../output/print-pruned.ts";

const warning = "This will remove all custom networks not used by at least one container.";

export const command: Command = {
  name: "network prune",
  usage: "[OPTIONS]",
  summary: "Remove all unused networks",
  flags: [longFilterFlag, forceFlag],
  arguments: { min: 0, max: 0 },
  async run({ flags }, context) {
    if (!flags.boolean("force") && !(await isConfirmed(context, warning))) return;
    const answer = await context.client.networks.prune(readFilters(flags.list("filter")));
    printDeleted(context.stdout, "Deleted Networks", asStrings(answer["NetworksDeleted"]));
  },
};
