import { asStrings } from "../../client/json.ts";
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
  name: "system prune",
  usage: "[OPTIONS]",
  summary: "Remove unused data",
  flags: [
    {
      name: "all",
      short: "a",
      kind: "boolean",
      summary: "Remove all unused images not just dangling ones",
    },
    { name: "volumes", kind: "boolean", summary: "Prune anonymous volumes" },
    longFilterFlag,
    forceFlag,
  ],
  arguments: { min: 0, max: 0 },
  async run({ flags }, context) {
    const { client, stdout } = context;
    const [all, volumes] = [flags.boolean("all"), flags.boolean("volumes")];
    if (!flags.boolean("force") && !(await isConfirmed(context, warningOf(all, volumes)))) return;
    const filters = readFilters(flags.list("filter"));
    const containers = await client.containers.prune(filters);
    printDeleted(stdout, "Deleted Containers", asStrings(containers["ContainersDeleted"]));
    let bytes = reclaimedBytes(containers);
    if (volumes) {
      const { until: _until, ...rest } = filters; // volumes have no such filter
      const answer = await client.volumes.prune(rest);
      printDeleted(stdout, "Deleted Volumes", asStrings(answer["VolumesDeleted"]));
      bytes += reclaimedBytes(answer);
    }
    const images = await client.images.prune({ ...filters, dangling: [String(!all)] });
    printDeleted(stdout, "Deleted Images", removalLines(images["ImagesDeleted"]));
    printReclaimed(stdout, bytes + reclaimedBytes(images));
  },
};

function warningOf(all: boolean, volumes: boolean): string {
  const what = [
    "all stopped containers",
    ...(volumes ? ["all anonymous volumes not used by at least one container"] : []),
    all ? "all images without at least one container associated to them" : "all dangling images",
  ];
  return `This will remove:\n${what.map((one) => `  - ${one}\n`).join("")}`;
}
