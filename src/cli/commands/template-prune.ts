import { asNumber, asStrings } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { decimalSize } from "../../base/describe-size.ts";

export const command: Command = {
  name: "template prune",
  usage: "[OPTIONS]",
  summary: "Remove templates that nothing will be cloned of any more",
  flags: [{ name: "all", short: "a", kind: "boolean", summary: "Remove all templates" }],
  arguments: { min: 0, max: 0 },
  async run({ flags }, { client, stdout }) {
    const answer = await client.pruneTemplates(flags.boolean("all"));
    const names = asStrings(answer["TemplatesDeleted"]);
    if (names.length > 0) stdout.write(`Deleted Templates:\n${names.join("\n")}\n\n`);
    stdout.write(`Total reclaimed space: ${decimalSize(asNumber(answer["SpaceReclaimed"]))}\n`);
  },
};
