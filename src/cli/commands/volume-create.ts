import { requireText } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { keyValues } from "../options/environment.ts";

export const command: Command = {
  name: "volume create",
  usage: "[OPTIONS] [VOLUME]",
  summary: "Create a volume",
  flags: [
    {
      name: "driver",
      short: "d",
      kind: "text",
      summary: "Specify volume driver name (default local)",
    },
    { name: "label", kind: "list", summary: "Set metadata for a volume" },
    {
      name: "opt",
      short: "o",
      kind: "list",
      summary: "Set driver specific options (type=disk and size=10g: a disk of its own)",
    },
  ],
  arguments: { min: 0, max: 1 },
  async run({ flags, positionals: [name = ""] }, { client, stdout }) {
    const volume = await client.volumes.create({
      Name: name,
      Driver: flags.text("driver") ?? "local",
      DriverOpts: keyValues(flags.list("opt")),
      Labels: keyValues(flags.list("label")),
    });
    stdout.write(`${requireText(volume, "Name")}\n`);
  },
};
