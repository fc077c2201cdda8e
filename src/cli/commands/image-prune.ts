import type { Command } from "../command.ts";
import { readFilters } from "../options/filters.ts";
import { forceFlag, isConfirmed } from "../output/confirm.ts";
import { longFilterFlag } from "../output/list-flags.ts";
import {
  printDeleted,
  printReclaimed,
  reclaimedBytes,
  removalLines,
} from "../output/print-pruned.ts";

export const command: Command = {
  name: "image prune",
  usage: "[OPTIONS]",
  summary: "Remove unused images",
  flags: [
    {
      name: "all",
      short: "a",
      kind: "boolean",
      summary: "Remove all unused images, not just dangling ones",
    },
    longFilterFlag,
    forceFlag,
  ],
  arguments: { min: 0, max: 0 },
  async run({ flags }, context) {
    const all = flags.boolean("all");
    const warning = all
      ? "This will remove all images without at least one container associated to them."
      : "This will remove all dangling images.";
    if (!flags.boolean("force") && !(await isConfirmed(context, warning))) return;
    const filters = readFilters(flags.list("filter"));
    const answer = await context.client.images.prune({ ...filters, dangling: [String(!all)] });
    printDeleted(context.stdout, "Deleted Images", removalLines(answer["ImagesDeleted"]));
    printReclaimed(context.stdout, reclaimedBytes(answer));
  },
};
