import type { Command } from "../command.ts";
import { eachName } from "../each-name.ts";
import { readStopOptions, stopFlags } from "../options/stop-flags.ts";

export const command: Command = {
  name: "restart",
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  summary: "Restart one or more containers",
  flags: stopFlags,
  arguments: { min: 1 },
  run({ flags, positionals }, context) {
    const options = readStopOptions(flags);
    return eachName(context, positionals, (name) =>
      context.client.containers.restart(name, options),
    );
  },
};
