import { parseMoment } from "../../base/moments.ts";
import { timestampOfNs } from "../../base/timestamps.ts";
import { asObject, asText, type JsonObject } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { checkFilter, readFilters } from "../options/filters.ts";
import { formatObject } from "../output/print-formatted.ts";

export const command: Command = {
  name: "events",
  usage: "[OPTIONS]",
  summary: "Get real time events from the server",
  flags: [
    {
      ...{ name: "filter", short: "f", kind: "list", value: "filter", check: checkFilter },
      summary: "Filter output based on conditions provided",
    },
    { name: "format", kind: "text", summary: "Format output by a Go template, or 'json'" },
    {
      ...{ name: "since", kind: "text", check: parseMoment },
      summary: "Show all events created since timestamp",
    },
    {
      ...{ name: "until", kind: "text", check: parseMoment },
      summary: "Stream events until this timestamp",
    },
  ],
  arguments: { min: 0, max: 0 },
  async run({ flags }, { client, stdout }) {
    const [since, until, format] = ["since", "until", "format"].map((name) => flags.text(name));
    const events = client.system.events({
      since: since === undefined ? undefined : parseMoment(since),
      until: until === undefined ? undefined : parseMoment(until),
      filters: readFilters(flags.list("filter")),
    });
    for await (const event of events)
      stdout.write(format === undefined ? eventLine(event) : formatObject(event, format));
  },
};

/** As docker's CLI prints an event: when, of what kind, what, which, and in brackets all it tells. */
function eventLine(event: JsonObject): string {
  const actor = asObject(event["Actor"]);
  const attributes = Object.entries(asObject(actor["Attributes"]))
    .map(([name, value]) => `${name}=${asText(value)}`)
    .sort();
  const moment = timestampOfNs(momentOf(event));
  const words = [moment, event["Type"], event["Action"], actor["ID"]].map(String).join(" ");
  return `${words}${attributes.length === 0 ? "" : ` (${attributes.join(", ")})`}\n`;
}

/** JSON's numbers tell nanoseconds of today by some hundred only, which would print as noise. */
function momentOf({ time, timeNano }: JsonObject): bigint {
  return typeof timeNano === "number"
    ? BigInt(Math.round(timeNano / 1000)) * 1000n
    : BigInt(Number(time)) * 1_000_000_000n;
}
