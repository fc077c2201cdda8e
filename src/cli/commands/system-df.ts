import { asNumber, asObject, asObjects, asText, type JsonObject } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { decimalSize } from "../../base/describe-size.ts";
import { listFlags } from "../output/list-flags.ts";
import { printList } from "../output/print-list.ts";
import { printUsageDetails } from "../output/usage-details.ts";

const headers = {
  Type: "TYPE",
  TotalCount: "TOTAL",
  Active: "ACTIVE",
  Size: "SIZE",
  Reclaimable: "RECLAIMABLE",
};
const columns = ["Type", "TotalCount", "Active", "Size", "Reclaimable"];

interface Use {
  type: string;
  total: number;
  active: number;
  bytes: number;
  /** What nothing needs. */
  freeBytes: number;
}

export const command: Command = {
  name: "system df",
  usage: "[OPTIONS]",
  summary: "Show disk usage",
  flags: [
    ...listFlags,
    {
      name: "verbose",
      short: "v",
      kind: "boolean",
      summary: "Show detailed information on space usage",
    },
  ],
  arguments: { min: 0, max: 0 },
  async run({ flags }, { client, stdout }) {
    const usage = await client.system.diskUsage();
    if (flags.boolean("verbose") && flags.text("format") === undefined && !flags.boolean("json"))
      return printUsageDetails(usage, stdout);
    const rows = usesOf(usage).map(({ type, total, active, bytes, freeBytes }) => ({
      Type: type,
      TotalCount: String(total),
      Active: String(active),
      Size: decimalSize(bytes),
      Reclaimable: describeFree(bytes, freeBytes),
    }));
    printList({ headers, columns, rows, objects: [usage] }, flags, stdout);
  },
};

/** Docker's four kinds, and the templates. */
function usesOf(usage: JsonObject): Use[] {
  const images = asObjects(usage["Images"]);
  const containers = asObjects(usage["Containers"]);
  const volumes = asObjects(usage["Volumes"]);
  const templates = asObject(asObject(usage["Dvm"])["Templates"]);
  const isUsed = (image: JsonObject) => asNumber(image["Containers"]) > 0;
  const isUp = (one: JsonObject) => ["running", "paused"].includes(asText(one["State"]));
  const isMounted = (one: JsonObject) => asNumber(asObject(one["UsageData"])["RefCount"]) > 0;
  const volumeSize = (one: JsonObject) => asNumber(asObject(one["UsageData"])["Size"]);
  const size = (one: JsonObject) => asNumber(one["SizeRw"]);
  const stored = asNumber(usage["LayersSize"]);
  const own = (image: JsonObject) => asNumber(image["Size"]) - asNumber(image["SharedSize"]);
  const unused = images.filter((image) => !isUsed(image));
  return [
    {
      type: "Images",
      total: images.length,
      active: images.length - unused.length,
      bytes: stored,
      freeBytes: unused.length === images.length ? stored : sum(unused, own),
    },
    use("Containers", containers, isUp, size),
    use("Local Volumes", volumes, isMounted, volumeSize),
    use("Build Cache", [], () => false, size),
    {
      type: "Templates",
      total: asNumber(templates["Count"]),
      active: 0,
      bytes: asNumber(templates["Size"]),
      freeBytes: asNumber(templates["Size"]),
    },
  ];
}

function use(
  type: string,
  objects: JsonObject[],
  isActive: (object: JsonObject) => boolean,
  size: (object: JsonObject) => number,
): Use {
  const idle = objects.filter((object) => !isActive(object));
  return {
    type,
    total: objects.length,
    active: objects.length - idle.length,
    bytes: sum(objects, size),
    freeBytes: sum(idle, size),
  };
}

function describeFree(bytes: number, freeBytes: number): string {
  const share = bytes === 0 ? "" : ` (${Math.floor((freeBytes / bytes) * 100)}%)`;
  return `${decimalSize(freeBytes)}${share}`;
}

function sum(objects: JsonObject[], size: (object: JsonObject) => number): number {
  return objects.reduce((total, object) => total + size(object), 0);
}
