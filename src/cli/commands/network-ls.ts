import { asObject, asText, type JsonObject } from "../../client/json.ts";
import { shortId } from "../../base/ids.ts";
import type { Command } from "../command.ts";
import { readFilters } from "../options/filters.ts";
import { filterFlag, listFlags, noTruncFlag, quietFlag } from "../output/list-flags.ts";
import { printList, type Row } from "../output/print-list.ts";

const headers = {
  ID: "NETWORK ID",
  Name: "NAME",
  Driver: "DRIVER",
  Scope: "SCOPE",
  IPv4: "IPV4",
  IPv6: "IPV6",
  Internal: "INTERNAL",
  Labels: "LABELS",
  CreatedAt: "CREATED AT",
};

export const command: Command = {
  name: "network ls",
  usage: "[OPTIONS]",
  summary: "List networks",
  flags: [filterFlag, ...listFlags, noTruncFlag, quietFlag],
  arguments: { min: 0, max: 0 },
  async run({ flags }, { client, stdout }) {
    const objects = await client.networks.list(readFilters(flags.list("filter")));
    const byName = new Intl.Collator("en", { numeric: true });
    objects.sort((a, b) => byName.compare(asText(a["Name"]), asText(b["Name"])));
    const rows = objects.map((object) => networkRow(object, flags.boolean("no-trunc")));
    const columns = ["ID", "Name", "Driver", "Scope"];
    printList({ headers, columns, quiet: "ID", rows, objects }, flags, stdout);
  },
};

function networkRow(network: JsonObject, full: boolean): Row {
  const labels = asObject(network["Labels"]);
  const id = asText(network["Id"]);
  return {
    ID: full ? id : shortId(id),
    Name: asText(network["Name"]),
    Driver: asText(network["Driver"]),
    Scope: asText(network["Scope"]),
    IPv4: String(network["EnableIPv4"]),
    IPv6: String(network["EnableIPv6"]),
    Internal: String(network["Internal"]),
    Labels: Object.entries(labels)
      .map(([name, value]) => `${name}=${asText(value)}`)
      .join(","),
    CreatedAt: asText(network["Created"]),
    Label: (name: unknown) => asText(labels[String(name)]),
  };
}
