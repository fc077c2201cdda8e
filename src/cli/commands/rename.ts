import type { Command } from "../command.ts";

export const command: Command = {
  name: "rename",
  usage: "CONTAINER NEW_NAME",
  summary: "Rename a container",
  flags: [],
  arguments: { min: 2, max: 2 },
  run: ({ positionals: [name = "", newName = ""] }, { client }) =>
    client.containers.rename(name, newName),
};
