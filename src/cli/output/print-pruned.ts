import { asNumber, asObjects, asText, type JsonObject } from "../../client/json.ts";
import { decimalSize } from "../../base/describe-size.ts";

/** What was removed, under its heading, as docker's prune commands print it. */
export function printDeleted(
  stdout: NodeJS.WritableStream,
  heading: string,
  names: readonly string[],
): void {
  if (names.length > 0) stdout.write(`${heading}:\n${names.join("\n")}\n\n`);
}

export function printReclaimed(stdout: NodeJS.WritableStream, bytes: number): void {
  stdout.write(`Total reclaimed space: ${decimalSize(bytes)}\n`);
}

export function reclaimedBytes(answer: JsonObject): number {
  return asNumber(answer["SpaceReclaimed"]);
}

/** A line for each name and layer, in lower case, where `rmi` has capitals. */
export function removalLines(removed: unknown): string[] {
  return asObjects(removed).map((one) => {
    const untagged = asText(one["Untagged"]);
    return untagged === "" ? `deleted: ${asText(one["Deleted"])}` : `untagged: ${untagged}`;
  });
}
