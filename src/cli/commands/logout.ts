import { hubAddress } from "../../base/registry-name.ts";
import type { Command } from "../command.ts";
import { eraseCredentials, serverAddress } from "../registry/credential-store.ts";

export const command: Command = {
  name: "logout",
  usage: "[SERVER]",
  summary: "Log out from a registry; Docker Hub when no server is given",
  flags: [],
  arguments: { min: 0, max: 1 },
  async run({ positionals: [server = ""] }, { environment, stdout }) {
    const address = serverAddress(server);
    const shown = address === hubAddress ? address : server;
    const wasThere = await eraseCredentials(server, environment);
    stdout.write(
      wasThere ? `Removing login credentials for ${shown}\n` : `Not logged in to ${shown}\n`,
    );
  },
};
