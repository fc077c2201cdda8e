import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../../base/errors.ts";
import { asText } from "../../client/json.ts";
import type { CliContext, Command } from "../command.ts";
import type { ParsedFlags } from "../flags.ts";
import { listFlags, noTruncFlag } from "../output/list-flags.ts";
import { printList, type List } from "../output/print-list.ts";
import { statisticsRow } from "../output/statistics-row.ts";

const headers = {
  Container: "CONTAINER",
  ID: "CONTAINER ID",
  Name: "NAME",
  CPUPerc: "CPU %",
  MemUsage: "MEM USAGE / LIMIT",
  MemPerc: "MEM %",
  NetIO: "NET I/O",
  BlockIO: "BLOCK I/O",
  PIDs: "PIDS",
  HostMem: "HOST MEM",
};
const columns = [
  "ID",
  "Name",
  "CPUPerc",
  "MemUsage",
  "MemPerc",
  "NetIO",
  "BlockIO",
  "PIDs",
  "HostMem",
];
const pauseWithoutContainersMs = 1000;
const clearScreen = "\x1b[H\x1b[J";

export const command: Command = {
  name: "stats",
  usage: "[OPTIONS] [CONTAINER...]",
  summary: "Display container(s) resource usage statistics",
  flags: [
    {
      name: "all",
      short: "a",
      kind: "boolean",
      summary: "Show all containers (default shows just running)",
    },
    ...listFlags,
    {
      name: "no-stream",
      kind: "boolean",
      summary: "Disable streaming stats and only pull the first result",
    },
    noTruncFlag,
  ],
  arguments: { min: 0 },
  async run({ flags, positionals }, context) {
    for (;;) {
      const list = await readStatistics(context, flags, positionals);
      if (!flags.boolean("no-stream") && context.stdout.isTTY) context.stdout.write(clearScreen);
      printList(list, flags, context.stdout);
      if (flags.boolean("no-stream")) return;
      if (list.rows.length === 0) await delay(pauseWithoutContainersMs);
    }
  },
};

/** Takes a second: the daemon measures what was used within it. */
async function readStatistics(
  { client }: CliContext,
  flags: ParsedFlags,
  names: readonly string[],
): Promise<List> {
  const all = flags.boolean("all");
  const wanted =
    names.length > 0
      ? names
      : (await client.containers.list({ all })).map((one) => asText(one["Id"]));
  const objects = await Promise.all(
    wanted.map((name) =>
      client.containers.statistics(name).catch(async (error: unknown) => {
        if (!(error instanceof DvmError) || error.code !== "conflict") throw error;
        const { Id: id, Name } = await client.containers.inspect(name); // it doesn't run
        return { id, name: Name };
      }),
    ),
  );
  const rows = objects.map((object) => statisticsRow(object, flags.boolean("no-trunc")));
  return { headers, columns, rows, objects };
}
