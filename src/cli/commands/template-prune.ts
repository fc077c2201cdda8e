import { asStrings } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { printDeleted, printReclaimed, reclaimedBytes } from "../output/print-pruned.ts";

export const command: Command = {
  name: "template prune",
  usage: "[OPTIONS]",
  summary: "Remove templates that nothing will be cloned of any more",
  flags: [{ name: "all", short: "a", kind: "boolean", summary: "Remove all templates" }],
  arguments: { min: 0, max: 0 },
  async run({ flags }, { client, stdout }) {
    const answer = await client.templates.prune(flags.boolean("all"));
    printDeleted(stdout, "Deleted Templates", asStrings(answer["TemplatesDeleted"]));
    printReclaimed(stdout, reclaimedBytes(answer));
  },
};
