import type { Command } from "../command.ts";
import { eachName } from "../each-name.ts";

export const command: Command = {
  name: "wait",
  usage: "CONTAINER [CONTAINER...]",
  summary: "Block until one or more containers stop, then print their exit codes",
  flags: [],
  arguments: { min: 1 },
  run: ({ positionals }, context) =>
    eachName(context, positionals, async (name) => {
      const { exit } = await context.client.containers.wait(name, "not-running");
      return String((await exit).code);
    }),
};
