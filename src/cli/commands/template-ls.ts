import { asNumber, asObject, asText, type JsonObject } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { decimalSize } from "../../base/describe-size.ts";
import { listFlags, quietFlag } from "../output/list-flags.ts";
import { printList, type Row } from "../output/print-list.ts";
import { shortId } from "../output/shorten.ts";

const headers = {
  ID: "TEMPLATE ID",
  Kernel: "KERNEL",
  Accelerator: "ACCEL",
  CPUs: "CPUS",
  Memory: "MEMORY",
  Devices: "DEVICES",
  Image: "IMAGE",
  State: "STATE",
  Size: "SIZE",
};

export const command: Command = {
  name: "template ls",
  usage: "[OPTIONS]",
  summary: "List the saved machines that others are cloned of",
  flags: [...listFlags, quietFlag],
  arguments: { min: 0, max: 0 },
  async run({ flags }, { client, stdout }) {
    const objects = await client.templates.list();
    const rows = objects.map(templateRow);
    const columns = Object.keys(headers);
    printList({ headers, columns, quiet: "ID", rows, objects }, flags, stdout);
  },
};

function templateRow(template: JsonObject): Row {
  const shape = asObject(template["Shape"]);
  const image = asText(template["Image"]).replace(/^sha256:/, "");
  const scratch = shape["NewScratch"] === true ? "new disk" : "used disk";
  const counts = `${asNumber(shape["Nics"])} nic`;
  return {
    ID: asText(template["Id"]),
    Kernel: asText(shape["Kernel"]),
    Accelerator: asText(shape["Accelerator"]),
    CPUs: String(asNumber(shape["Cpus"])),
    Memory: `${asNumber(shape["MemoryMiB"])}MiB`,
    Devices: `${scratch}, ${counts}`,
    Image: image === "" ? "any" : shortId(image),
    State: template["Stale"] === true ? "stale" : "current",
    Size: decimalSize(asNumber(template["Size"])),
  };
}
