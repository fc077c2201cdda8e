import type { Command } from "../command.ts";
import { eachName } from "../each-name.ts";

export const command: Command = {
  name: "unpause",
  usage: "CONTAINER [CONTAINER...]",
  summary: "Unpause all processes within one or more containers",
  flags: [],
  arguments: { min: 1 },
  run: ({ positionals }, context) =>
    eachName(context, positionals, (name) => context.client.containers.unpause(name)),
};
