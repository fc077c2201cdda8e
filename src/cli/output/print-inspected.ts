import { DvmError } from "../../base/errors.ts";
import type { JsonObject } from "../../client/json.ts";
import type { CliContext } from "../command.ts";
import type { Flag } from "../flags.ts";
import { formatObject } from "./print-formatted.ts";

export const inspectFormatFlag: Flag = {
  name: "format",
  short: "f",
  kind: "text",
  summary: "Format output using a Go template, or 'json'",
};

interface Inspection {
  names: readonly string[];
  format: string | undefined;
  inspect: (name: string) => Promise<JsonObject>;
}

/** Prints what was found, as one JSON array or by the format, and what wasn't as errors. */
export async function printInspected(
  { stdout, stderr }: CliContext,
  { names, format, inspect }: Inspection,
): Promise<number> {
  const found: JsonObject[] = [];
  const errors: string[] = [];
  for (const name of names)
    try {
      found.push(await inspect(name));
    } catch (error) {
      if (!(error instanceof DvmError)) throw error;
      errors.push(error.message);
    }
  if (format === undefined || format === "")
    stdout.write(`${JSON.stringify(found, undefined, 4)}\n`);
  else for (const object of found) stdout.write(formatObject(object, format));
  for (const error of errors) stderr.write(`${error}\n`);
  return errors.length === 0 ? 0 : 1;
}
