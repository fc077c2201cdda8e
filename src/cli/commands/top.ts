import { asStrings } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { jsonFlag } from "../output/list-flags.ts";
import { formatTable } from "../output/table.ts";

export const command: Command = {
  name: "top",
  usage: "[OPTIONS] CONTAINER [ps OPTIONS]",
  summary: "Display the running processes of a container",
  flags: [jsonFlag],
  arguments: { min: 1 },
  stopAtFirstArgument: true,
  async run({ flags, positionals: [name = "", ...psOptions] }, { client, stdout }) {
    const answer = await client.containers.top(name, psOptions.join(" "));
    const titles = asStrings(answer["Titles"]);
    const processes = Array.isArray(answer["Processes"]) ? answer["Processes"].map(asStrings) : [];
    const objects = processes.map((row) =>
      Object.fromEntries(titles.map((title, index) => [title, row[index] ?? ""])),
    );
    stdout.write(
      flags.boolean("json")
        ? `${JSON.stringify(objects, undefined, 2)}\n`
        : formatTable([titles, ...processes]),
    );
  },
};
