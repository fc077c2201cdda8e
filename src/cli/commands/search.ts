import { asNumber, asText, type JsonObject } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { readFilters } from "../options/filters.ts";
import { filterFlag, listFlags, noTruncFlag } from "../output/list-flags.ts";
import { printList } from "../output/print-list.ts";
import { ellipsis } from "../output/shorten.ts";
import { registryHeader } from "../registry/registry-header.ts";

const headers = {
  Name: "NAME",
  Description: "DESCRIPTION",
  StarCount: "STARS",
  IsOfficial: "OFFICIAL",
};
const descriptionLength = 45;

export const command: Command = {
  name: "search",
  usage: "[OPTIONS] TERM",
  summary: "Search Docker Hub, or HOST/TERM another registry that offers it, for images",
  flags: [
    filterFlag,
    ...listFlags,
    { name: "limit", kind: "integer", summary: "Max number of search results" },
    noTruncFlag,
  ],
  arguments: { min: 1, max: 1 },
  async run({ flags, positionals: [term = ""] }, context) {
    const filters = readFilters(flags.list("filter"));
    const limit = flags.integer("limit");
    const auth = await registryHeader(term, context);
    const objects = await context.client.images.search({ term, limit, filters, auth });
    const rows = objects.map((object) => searchRow(object, flags.boolean("no-trunc")));
    const columns = ["Name", "Description", "StarCount", "IsOfficial"];
    printList({ headers, columns, rows, objects }, flags, context.stdout);
  },
};

function searchRow(object: JsonObject, whole: boolean) {
  const description = asText(object["description"]);
  return {
    Name: asText(object["name"]),
    Description: whole ? description : ellipsis(description, descriptionLength),
    StarCount: asNumber(object["star_count"]),
    IsOfficial: object["is_official"] === true ? "[OK]" : "",
  };
}
