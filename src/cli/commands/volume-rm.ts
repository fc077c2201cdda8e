import { DvmError } from "../../base/errors.ts";
import type { Command } from "../command.ts";
import { eachName } from "../each-name.ts";

export const command: Command = {
  name: "volume rm",
  usage: "[OPTIONS] VOLUME [VOLUME...]",
  summary: "Remove one or more volumes",
  flags: [
    {
      name: "force",
      short: "f",
      kind: "boolean",
      summary: "A volume that isn't there is no error",
    },
  ],
  arguments: { min: 1 },
  run({ flags, positionals }, context) {
    const force = flags.boolean("force");
    return eachName(context, positionals, async (name) => {
      try {
        await context.client.volumes.remove(name, force);
      } catch (error) {
        const isMissing = error instanceof DvmError && error.code === "not-found";
        if (!isMissing || !force) throw error;
      }
    });
  },
};
