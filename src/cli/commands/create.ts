import type { Command } from "../command.ts";
import { createContainer } from "../create-container.ts";
import { containerFlags } from "../options/container-flags.ts";
import { withSetUp } from "../session/with-set-up.ts";

export const command: Command = {
  name: "create",
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  summary: "Create a new container",
  flags: containerFlags,
  arguments: { min: 1 },
  stopAtFirstArgument: true,
  prefixErrors: true,
  async run(input, context) {
    const id = await withSetUp(context, {
      image: input.positionals[0] ?? "",
      action: () => createContainer(input, context),
      undo: async () => {},
    });
    context.stdout.write(`${id}\n`);
  },
};
