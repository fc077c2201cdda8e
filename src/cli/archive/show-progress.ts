import { DvmError } from "../../base/errors.ts";
import { asText, type JsonObject } from "../../client/json.ts";
import type { CliContext } from "../command.ts";

/** Prints what the daemon says while it takes an archive in: results on stdout, its doing on a terminal. */
export async function showProgress(
  lines: AsyncIterable<JsonObject>,
  { stdout, stderr }: CliContext,
): Promise<void> {
  const clear = stderr.isTTY ? "\r\x1b[K" : "";
  for await (const line of lines) {
    const failure = asText(line["error"]);
    stderr.write(clear);
    if (failure !== "") throw new DvmError("internal", `Error response from daemon: ${failure}`);
    stdout.write(asText(line["stream"]));
    if (stderr.isTTY) stderr.write(asText(line["status"]));
  }
  stderr.write(clear);
}
