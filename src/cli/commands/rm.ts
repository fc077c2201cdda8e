import type { Command } from "../command.ts";
import { eachName } from "../each-name.ts";

export const command: Command = {
  name: "rm",
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  summary: "Remove one or more containers",
  flags: [
    {
      name: "force",
      short: "f",
      kind: "boolean",
      summary: "Force the removal of a running container (uses SIGKILL)",
    },
    {
      name: "volumes",
      short: "v",
      kind: "boolean",
      summary: "Remove anonymous volumes associated with the container",
    },
  ],
  arguments: { min: 1 },
  run({ flags, positionals }, context) {
    const force = flags.boolean("force");
    const volumes = flags.boolean("volumes");
    return eachName(
      context,
      positionals,
      (name) => context.client.containers.remove(name, { force, volumes }),
      { missingIsFine: force },
    );
  },
};
