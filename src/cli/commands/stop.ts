import type { Command } from "../command.ts";
import { eachName } from "../each-name.ts";
import { readStopOptions, stopFlags } from "../options/stop-flags.ts";

export const command: Command = {
  name: "stop",
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  summary: "Stop one or more running containers",
  flags: stopFlags,
  arguments: { min: 1 },
  run({ flags, positionals }, context) {
    const options = readStopOptions(flags);
    return eachName(context, positionals, (name) => context.client.containers.stop(name, options));
  },
};
