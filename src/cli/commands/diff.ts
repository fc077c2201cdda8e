import { asNumber, asText } from "../../client/json.ts";
import type { Command } from "../command.ts";

const letters = ["C", "A", "D"];

export const command: Command = {
  name: "diff",
  usage: "CONTAINER",
  summary: "Inspect changes to files or directories on a container's filesystem",
  flags: [],
  arguments: { min: 1, max: 1 },
  async run({ positionals: [name = ""] }, { client, stdout }) {
    for (const change of await client.files.changes(name))
      stdout.write(`${letters[asNumber(change["Kind"])] ?? "?"} ${asText(change["Path"])}\n`);
  },
};
