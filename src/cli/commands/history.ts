import { describeAge } from "../../base/describe-age.ts";
import { asNumber, asStrings, asText, type JsonObject } from "../../client/json.ts";
import type { Command } from "../command.ts";
import type { ParsedFlags } from "../flags.ts";
import { decimalSize } from "../../base/describe-size.ts";
import { describeTime } from "../output/describe-time.ts";
import { listFlags, noTruncFlag, quietFlag } from "../output/list-flags.ts";
import { printList, type Row } from "../output/print-list.ts";
import { ellipsis, shortId } from "../output/shorten.ts";

const headers = {
  ID: "IMAGE",
  CreatedSince: "CREATED",
  CreatedAt: "CREATED AT",
  CreatedBy: "CREATED BY",
  Size: "SIZE",
  Comment: "COMMENT",
  Tags: "TAGS",
};
const createdByLength = 45;

export const command: Command = {
  name: "history",
  usage: "[OPTIONS] IMAGE",
  summary: "Show the history of an image",
  flags: [
    ...listFlags,
    {
      name: "human",
      short: "H",
      kind: "boolean",
      summary: "Print sizes and dates in human readable format",
    },
    noTruncFlag,
    quietFlag,
  ],
  arguments: { min: 1, max: 1 },
  async run({ flags, positionals: [name = ""] }, { client, stdout }) {
    const objects = await client.images.history(name);
    const rows = objects.map((object) => stepRow(object, flags));
    const created = flags.boolean("human", true) ? "CreatedSince" : "CreatedAt";
    const columns = ["ID", created, "CreatedBy", "Size", "Comment"];
    printList({ headers, columns, quiet: "ID", rows, objects }, flags, stdout);
  },
};

function stepRow(object: JsonObject, flags: ParsedFlags): Row {
  const full = flags.boolean("no-trunc");
  const id = asText(object["Id"]);
  const created = asNumber(object["Created"]) * 1000;
  const size = asNumber(object["Size"]);
  const by = asText(object["CreatedBy"]).replaceAll("\t", " ");
  return {
    ID: full || id === "<missing>" ? id : shortId(id),
    CreatedSince: created > 0 ? `${describeAge(created)} ago` : "N/A",
    CreatedAt: describeTime(new Date(created)),
    CreatedBy: full ? by : ellipsis(by, createdByLength),
    Size: flags.boolean("human", true) ? decimalSize(size) : String(size),
    Comment: asText(object["Comment"]),
    Tags: asStrings(object["Tags"]).join(","),
  };
}
