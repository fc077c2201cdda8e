import { DvmError } from "../../base/errors.ts";
import type { Command } from "../command.ts";
import { eachName } from "../each-name.ts";
import { resourceFields, resourceFlags } from "../options/resource-flags.ts";

export const command: Command = {
  name: "update",
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  summary: "Update configuration of one or more containers",
  flags: resourceFlags,
  arguments: { min: 1 },
  run({ flags, positionals }, context) {
    const fields = Object.entries(resourceFields(flags)).filter(([, value]) => value !== undefined);
    if (fields.length === 0)
      throw new DvmError("invalid", "you must provide one or more flags when using this command");
    const body = Object.fromEntries(fields);
    return eachName(context, positionals, async (name) => {
      for (const warning of await context.client.containers.update(name, body))
        context.stderr.write(`WARNING: ${warning}\n`);
    });
  },
};
