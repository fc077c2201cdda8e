import { asText, type JsonObject } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { eachName } from "../each-name.ts";

export const command: Command = {
  name: "rmi",
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  summary: "Remove one or more images",
  flags: [{ name: "force", short: "f", kind: "boolean", summary: "Force removal of the image" }],
  arguments: { min: 1 },
  run({ flags, positionals }, context) {
    const force = flags.boolean("force");
    const remove = async (name: string): Promise<string> => {
      const removed = await context.client.images.remove(name, { force });
      return removed.map(describe).join("\n");
    };
    return eachName(context, positionals, remove, { missingIsFine: force });
  },
};

function describe(line: JsonObject): string {
  const untagged = asText(line["Untagged"]);
  return untagged === "" ? `Deleted: ${asText(line["Deleted"])}` : `Untagged: ${untagged}`;
}
