import { asObject, asText, type JsonObject } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { readFilters } from "../options/filters.ts";
import { filterFlag, listFlags, quietFlag } from "../output/list-flags.ts";
import { printList, type Row } from "../output/print-list.ts";

const headers = {
  Name: "VOLUME NAME",
  Driver: "DRIVER",
  Scope: "SCOPE",
  Mountpoint: "MOUNTPOINT",
  Labels: "LABELS",
};

export const command: Command = {
  name: "volume ls",
  usage: "[OPTIONS]",
  summary: "List volumes",
  flags: [filterFlag, ...listFlags, quietFlag],
  arguments: { min: 0, max: 0 },
  async run({ flags }, { client, stdout }) {
    const objects = await client.volumes.list(readFilters(flags.list("filter")));
    objects.sort((a, b) => (asText(a["Name"]) < asText(b["Name"]) ? -1 : 1));
    const rows = objects.map(volumeRow);
    printList(
      { headers, columns: ["Driver", "Name"], quiet: "Name", rows, objects },
      flags,
      stdout,
    );
  },
};

function volumeRow(volume: JsonObject): Row {
  const labels = asObject(volume["Labels"]);
  return {
    Name: asText(volume["Name"]),
    Driver: asText(volume["Driver"]),
    Scope: asText(volume["Scope"]),
    Mountpoint: asText(volume["Mountpoint"]),
    Labels: Object.entries(labels)
      .map(([name, value]) => `${name}=${asText(value)}`)
      .join(","),
    Label: (name: unknown) => asText(labels[String(name)]),
  };
}
