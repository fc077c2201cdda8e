import { progressBar } from "../../base/progress-bar.ts";
import { DvmError } from "../../base/errors.ts";
import { asNumber, asObject, asText, type JsonObject } from "../../client/json.ts";

/**
 * Shows what the daemon tells of a pull or push, as docker's CLI does. On a terminal each layer has
 * a line that is written over; else there are plain lines, without the numbers. Own code, as no
 * library keeps lines by ids among others that scroll, which is what docker's stream is.
 */
export async function showTransfer(
  lines: AsyncIterable<JsonObject>,
  output: NodeJS.WriteStream | undefined,
): Promise<void> {
  const show =
    output === undefined ? undefined : output.isTTY ? onTerminal(output) : plainly(output);
  for await (const line of lines) {
    const failure = asText(line["error"]);
    if (failure !== "") throw new DvmError("internal", failure);
    if (asText(line["status"]) !== "") show?.(line);
  }
}

type Show = (line: JsonObject) => void;

function plainly(output: NodeJS.WriteStream): Show {
  return (line) => {
    if (line["progress"] === undefined) output.write(`${label(line)}${asText(line["status"])}\n`);
  };
}

/** Lines of layers stand together; the cursor is always below the last. */
function onTerminal(output: NodeJS.WriteStream): Show {
  let rows: string[] = [];
  return (line) => {
    const id = asText(line["id"]);
    const status = asText(line["status"]);
    const text = `${label(line)}${status} ${bar(line, output.columns)}`.trimEnd();
    const isHeading = id === "" || status.startsWith("Pulling from ");
    if (isHeading) {
      rows = [];
      output.write(`${text}\n`);
      return;
    }
    const row = rows.indexOf(id);
    if (row < 0) {
      rows.push(id);
      output.write(`${cut(text, output.columns)}\n`);
      return;
    }
    const up = rows.length - row;
    output.write(`\x1b[${up}A\x1b[2K\r${cut(text, output.columns)}\x1b[${up}B\r`);
  };
}

function label(line: JsonObject): string {
  const id = asText(line["id"]);
  return id === "" ? "" : `${id}: `;
}

function bar(line: JsonObject, columns: number): string {
  const detail = asObject(line["progressDetail"]);
  return progressBar(asNumber(detail["current"]), asNumber(detail["total"]), columns);
}

/** A line that wrapped could not be found again. */
function cut(text: string, columns: number): string {
  return text.slice(0, Math.max(columns - 1, 1));
}
