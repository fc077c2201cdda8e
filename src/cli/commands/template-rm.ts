import type { Command } from "../command.ts";
import { eachName } from "../each-name.ts";

export const command: Command = {
  name: "template rm",
  usage: "TEMPLATE [TEMPLATE...]",
  summary: "Remove one or more templates; the next machine of the kind boots and makes a new one",
  flags: [],
  arguments: { min: 1 },
  run: ({ positionals }, context) =>
    eachName(context, positionals, (name) => context.client.templates.remove(name)),
};
