import type { Command } from "../command.ts";
import { eachName } from "../each-name.ts";

export const command: Command = {
  name: "kill",
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  summary: "Kill one or more running containers",
  flags: [
    {
      name: "signal",
      short: "s",
      kind: "text",
      summary: "Signal to send to the container (default KILL)",
    },
  ],
  arguments: { min: 1 },
  run({ flags, positionals }, context) {
    const signal = flags.text("signal") ?? "";
    return eachName(context, positionals, (name) => context.client.containers.kill(name, signal));
  },
};
