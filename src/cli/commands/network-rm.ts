import { DvmError } from "../../base/errors.ts";
import type { Command } from "../command.ts";
import { eachName } from "../each-name.ts";
import { boolean } from "../options/flag-kinds.ts";

export const command: Command = {
  name: "network rm",
  usage: "NETWORK [NETWORK...]",
  summary: "Remove one or more networks",
  flags: [boolean("force", "Do not error if the network does not exist", "f")],
  arguments: { min: 1 },
  run({ flags, positionals }, context) {
    return eachName(context, positionals, async (name) => {
      try {
        await context.client.networks.remove(name);
      } catch (error) {
        const isMissing = error instanceof DvmError && error.code === "not-found";
        if (!isMissing || !flags.boolean("force")) throw error;
      }
    });
  },
};
