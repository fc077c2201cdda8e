import { DvmError } from "../base/errors.ts";
import { parseBytes } from "../base/parse-sizes.ts";
import { badDiskOptions, isDisk, type VolumeOptions } from "./disk-options.ts";

const known = ["type", "o", "device", "size"];
/** Which others each one needs. */
const needs: readonly (readonly [string, readonly string[]])[] = [
  ["device", ["type"]],
  ["type", ["device"]],
  ["o", ["device", "type"]],
];

/** Refuses options in the words of Docker's local driver, on a host that has no quotas. */
export function checkVolumeOptions(name: string, options: VolumeOptions): void {
  const why = badOptions(options);
  if (why !== undefined) throw new DvmError("invalid", `create ${name}: ${why}`);
}

function badOptions(options: VolumeOptions): string | undefined {
  if (isDisk(options)) return badDiskOptions(options);
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown !== undefined) return `invalid option: ${JSON.stringify(unknown)}`;
  if (options["type"] === "cifs" && /^[a-z]*:?\/\/[^/]*:\d+(?:\/|$)/i.test(options["device"] ?? ""))
    return "port not allowed in CIFS device URL, include 'port' in 'o='";
  if (options["size"] !== undefined) {
    const bytes = tryParseBytes(options["size"]);
    if (bytes === undefined) return `invalid size: '${options["size"]}'`;
    if (bytes > 0) return "quota size requested but no quota support";
  }
  for (const [option, others] of needs)
    for (const other of others)
      if (option in options && !(other in options))
        return `missing required option: ${JSON.stringify(other)}`;
  return undefined;
}

function tryParseBytes(text: string): number | undefined {
  try {
    return parseBytes(text);
  } catch {
    return undefined; // it is no size
  }
}

/** Whether a volume is what something else is mounted on, while it is used. */
export function needsMount(options: VolumeOptions | undefined): options is VolumeOptions {
  return (
    options !== undefined &&
    !isDisk(options) &&
    ((options["device"] ?? "") !== "" || (options["type"] ?? "") !== "")
  );
}
