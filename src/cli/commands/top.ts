import { DvmError } from "../../base/errors.ts";
import { asStrings } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { jsonFlag } from "../output/list-flags.ts";
import { formatTable } from "../output/table.ts";

export const command: Command = {
  name: "top",
  usage: "[OPTIONS] CONTAINER",
  summary: "Display the running processes of a container",
  flags: [jsonFlag],
  arguments: { min: 1 },
  stopAtFirstArgument: true,
  async run({ flags, positionals: [name = "", ...psOptions] }, { client, stdout }) {
    if (psOptions.length > 0)
      throw new DvmError(
        "unsupported",
        `cannot pass ${psOptions.join(" ")} to ps: no ps runs in the machine`,
      );
    const answer = await client.containers.top(name);
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
