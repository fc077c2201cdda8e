import {
  asNumber,
  asObject,
  asObjects,
  asStrings,
  asText,
  type JsonObject,
} from "../../client/json.ts";
import type { Command } from "../command.ts";
import type { ParsedFlags } from "../flags.ts";
import { readFilters } from "../options/filters.ts";
import { describeAge } from "../../base/describe-age.ts";
import { describeTime } from "../output/describe-time.ts";
import { describePorts } from "../output/describe-ports.ts";
import { decimalSize } from "../../base/describe-size.ts";
import { filterFlag, listFlags, noTruncFlag, quietFlag } from "../output/list-flags.ts";
import { printList, type Row } from "../output/print-list.ts";
import { ellipsis, shortId } from "../output/shorten.ts";

const headers = {
  ID: "CONTAINER ID",
  Image: "IMAGE",
  Command: "COMMAND",
  RunningFor: "CREATED",
  CreatedAt: "CREATED AT",
  Status: "STATUS",
  State: "STATE",
  Ports: "PORTS",
  Names: "NAMES",
  Size: "SIZE",
  Labels: "LABELS",
  Mounts: "MOUNTS",
  LocalVolumes: "LOCAL VOLUMES",
  Networks: "NETWORKS",
};
const columns = ["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"];
const commandLength = 20;
const mountLength = 15;

export const command: Command = {
  name: "ps",
  usage: "[OPTIONS]",
  summary: "List containers",
  flags: [
    {
      name: "all",
      short: "a",
      kind: "boolean",
      summary: "Show all containers (default shows just running)",
    },
    filterFlag,
    ...listFlags,
    {
      name: "last",
      short: "n",
      kind: "integer",
      summary: "Show n last created containers (includes all states)",
    },
    {
      name: "latest",
      short: "l",
      kind: "boolean",
      summary: "Show the latest created container (includes all states)",
    },
    noTruncFlag,
    quietFlag,
    { name: "size", short: "s", kind: "boolean", summary: "Display total file sizes" },
  ],
  arguments: { min: 0, max: 0 },
  async run({ flags }, { client, stdout }) {
    const size = flags.boolean("size");
    const objects = await client.containers.list({
      all: flags.boolean("all"),
      limit: flags.boolean("latest") ? 1 : flags.integer("last"),
      size,
      filters: readFilters(flags.list("filter")),
    });
    const rows = objects.map((object) => containerRow(object, flags));
    const shown = size ? [...columns, "Size"] : columns;
    printList({ headers, columns: shown, quiet: "ID", rows, objects }, flags, stdout);
  },
};

function containerRow(object: JsonObject, flags: ParsedFlags): Row {
  const full = flags.boolean("no-trunc");
  const text = asText(object["Command"]);
  const created = asNumber(object["Created"]) * 1000;
  const labels = asObject(object["Labels"]);
  const id = asText(object["Id"]);
  const image = asText(object["Image"]);
  return {
    ID: full ? id : shortId(id),
    Image: full ? image : image.replace(/^(?:sha256:)?([0-9a-f]{12})[0-9a-f]{52}$/, "$1"),
    Command: JSON.stringify(full ? text : ellipsis(text, commandLength)),
    RunningFor: `${describeAge(created)} ago`,
    CreatedAt: describeTime(new Date(created)),
    Status: asText(object["Status"]),
    State: asText(object["State"]),
    Ports: describePorts(asObjects(object["Ports"])),
    Names: asStrings(object["Names"])
      .map((name) => name.replace(/^\//, ""))
      .join(","),
    Size: describeSizes(object),
    Labels: Object.entries(labels)
      .map(([name, value]) => `${name}=${asText(value)}`)
      .join(","),
    Label: (name: unknown) => asText(labels[String(name)]),
    ...mountFields(asObjects(object["Mounts"]), full),
    Networks: Object.keys(asObject(asObject(object["NetworkSettings"])["Networks"])).join(","),
  };
}

function mountFields(mounts: readonly JsonObject[], full: boolean): Row {
  const names = mounts.map((mount) => asText(mount["Name"]) || asText(mount["Source"]));
  const local = mounts.filter((mount) => mount["Driver"] === "local");
  return {
    Mounts: names.map((name) => (full ? name : ellipsis(name, mountLength))).join(","),
    LocalVolumes: String(local.length),
  };
}

function describeSizes(object: JsonObject): string {
  const own = asNumber(object["SizeRw"]);
  const all = asNumber(object["SizeRootFs"]);
  const virtual = all > 0 ? ` (virtual ${decimalSize(all)})` : "";
  return `${decimalSize(own)}${virtual}`;
}
