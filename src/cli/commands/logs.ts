import { asObject } from "../../client/json.ts";
import { copyRaw, demultiplex } from "../../client/demultiplex.ts";
import type { Command } from "../command.ts";
import { parseMoment } from "../../base/moments.ts";

export const command: Command = {
  name: "logs",
  usage: "[OPTIONS] CONTAINER",
  summary: "Fetch the logs of a container",
  flags: [
    { name: "details", kind: "boolean", summary: "Show extra details provided to logs" },
    { name: "follow", short: "f", kind: "boolean", summary: "Follow log output" },
    {
      name: "since",
      kind: "text",
      summary: 'Show logs since timestamp ("2013-01-02T13:23:37Z") or relative ("42m")',
      check: parseMoment,
    },
    {
      name: "tail",
      short: "n",
      kind: "text",
      summary: "Number of lines to show from the end of the logs (default all)",
    },
    { name: "timestamps", short: "t", kind: "boolean", summary: "Show timestamps" },
    {
      name: "until",
      kind: "text",
      summary: "Show logs before a timestamp or relative time",
      check: parseMoment,
    },
  ],
  arguments: { min: 1, max: 1 },
  async run({ flags, positionals: [name = ""] }, { client, stdout, stderr }) {
    const found = await client.containers.inspect(name);
    const since = flags.text("since");
    const until = flags.text("until");
    const logs = await client.containers.logs(name, {
      stdout: true,
      stderr: true,
      details: flags.boolean("details"),
      follow: flags.boolean("follow"),
      timestamps: flags.boolean("timestamps"),
      tail: flags.text("tail"),
      since: since === undefined ? undefined : parseMoment(since),
      until: until === undefined ? undefined : parseMoment(until),
    });
    if (asObject(found["Config"])["Tty"] === true) await copyRaw(logs, stdout);
    else await demultiplex(logs, { stdout, stderr });
  },
};
