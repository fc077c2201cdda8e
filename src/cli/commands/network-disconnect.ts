import type { Command } from "../command.ts";
import { boolean } from "../options/flag-kinds.ts";

export const command: Command = {
  name: "network disconnect",
  usage: "[OPTIONS] NETWORK CONTAINER",
  summary: "Disconnect a container from a network",
  flags: [boolean("force", "Force the container to disconnect from a network", "f")],
  arguments: { min: 2, max: 2 },
  async run({ flags, positionals: [network = "", container = ""] }, { client }) {
    await client.networks.disconnect(network, {
      ...{ Container: container, Force: flags.boolean("force") },
    });
  },
};
