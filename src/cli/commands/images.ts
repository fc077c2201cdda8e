import { asNumber, asStrings, asText, type JsonObject } from "../../client/json.ts";
import type { Command } from "../command.ts";
import type { ParsedFlags } from "../flags.ts";
import { readFilters } from "../options/filters.ts";
import { splitImageName } from "../options/image-name.ts";
import { describeAge } from "../../base/describe-age.ts";
import { describeTime } from "../output/describe-time.ts";
import { decimalSize } from "../../base/describe-size.ts";
import { filterFlag, listFlags, noTruncFlag, quietFlag } from "../output/list-flags.ts";
import { printList, type Row } from "../output/print-list.ts";
import { shortId } from "../output/shorten.ts";

const headers = {
  Repository: "REPOSITORY",
  Tag: "TAG",
  Digest: "DIGEST",
  ID: "IMAGE ID",
  CreatedSince: "CREATED",
  CreatedAt: "CREATED AT",
  Size: "SIZE",
  Containers: "CONTAINERS",
};
const none = "<none>";

export const command: Command = {
  name: "images",
  usage: "[OPTIONS] [REPOSITORY[:TAG]]",
  summary: "List images",
  flags: [
    { name: "all", short: "a", kind: "boolean", summary: "Show all images" },
    { name: "digests", kind: "boolean", summary: "Show digests" },
    filterFlag,
    ...listFlags,
    noTruncFlag,
    quietFlag,
  ],
  arguments: { min: 0, max: 1 },
  async run({ flags, positionals: [name] }, { client, stdout }) {
    const filters = readFilters(flags.list("filter"));
    if (name !== undefined) (filters["reference"] ??= []).push(name);
    const digests = flags.boolean("digests");
    const all = flags.boolean("all");
    const objects = await client.images.list({ all, digests, filters });
    objects.sort((a, b) => asNumber(b["Created"]) - asNumber(a["Created"]));
    const rows = objects.flatMap((object) => imageRows(object, flags));
    const columns = ["Repository", "Tag", "ID", "CreatedSince", "Size"];
    if (digests) columns.splice(2, 0, "Digest");
    printList({ headers, columns, quiet: "ID", rows, objects }, flags, stdout);
  },
};

/** One row a name; an image without any has one too. */
function imageRows(object: JsonObject, flags: ParsedFlags): Row[] {
  const names = asStrings(object["RepoTags"]);
  const digests = new Map(
    asStrings(object["RepoDigests"]).map((text) => {
      const [repository = "", digest = ""] = text.split("@");
      return [repository, digest];
    }),
  );
  const id = asText(object["Id"]);
  const created = asNumber(object["Created"]) * 1000;
  const containers = asNumber(object["Containers"]);
  return (names.length === 0 ? [`${none}:${none}`] : names).map((name) => {
    const { repository, tag } = splitImageName(name);
    return {
      Repository: repository,
      Tag: tag,
      Digest: digests.get(repository) ?? none,
      ID: flags.boolean("no-trunc") ? id : shortId(id),
      CreatedSince: created > 0 ? `${describeAge(created)} ago` : "N/A",
      CreatedAt: describeTime(new Date(created)),
      Size: decimalSize(asNumber(object["Size"])),
      Containers: containers < 0 ? "N/A" : String(containers),
    };
  });
}
