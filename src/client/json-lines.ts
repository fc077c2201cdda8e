import type { Readable } from "node:stream";
import { parseJson } from "./json.ts";

const maxLineBytes = 16 * 1024 * 1024;

/** The JSON values of a stream, one a line (or simply one after the other, as dockerd sends them). */
export async function* jsonLines(source: Readable): AsyncGenerator {
  source.setEncoding("utf8");
  let rest = "";
  for await (const chunk of source as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxLineBytes) break;
    for (const line of lines) if (line.trim() !== "") yield parseJson(line);
  }
  if (rest.trim() !== "") yield parseJson(rest);
}
