import { z } from "zod";
import { tryParseJson } from "../../../base/parse-json.ts";

export type OutputStream = "stdout" | "stderr";

export interface LogLine {
  stream: OutputStream;
  /** RFC 3339 with nanoseconds. */
  time: string;
  /** With its line end; a last line that has none is given without one. */
  text: Buffer;
  /** What was to be kept with each line: labels, variables, a tag. */
  attributes?: Record<string, string> | undefined;
}

const lineSchema = z.object({
  log: z.string(),
  stream: z.enum(["stdout", "stderr"]),
  attrs: z.record(z.string(), z.string()).optional(),
  time: z.string(),
});

const head = Buffer.from('{"log":"');
const headOfAny = head.subarray(0, -1);
const streamWord = '","stream":"';
const timeWord = '","time":"';
/** Of our own lines; others may have shorter ones. */
const timeLength = "2026-01-01T00:00:00.000000000Z".length;
const [quote, backslash, newline, letterN] = [0x22, 0x5c, 0x0a, 0x6e];

/** What follows the text in lines of one stream and time. `attributes`: their JSON, or nothing. */
export function lineEnd(stream: OutputStream, time: string, attributes: string): Buffer {
  const more = attributes === "" ? "" : `,"attrs":${attributes}`;
  return Buffer.from(`","stream":"${stream}"${more},"time":"${time}"}\n`);
}

/** One line of a log as Docker's `json-file` driver writes it; `end` is its {@link lineEnd}. */
export function encodeLine(text: Buffer, end: Buffer): Buffer {
  if (!isPlain(text)) {
    const json = Buffer.from(JSON.stringify(text.toString("utf8")).slice(0, -1));
    return Buffer.concat([headOfAny, json, end]);
  }
  const hasEnd = text.at(-1) === newline;
  const length = hasEnd ? text.length - 1 : text.length;
  const line = Buffer.allocUnsafe(head.length + length + (hasEnd ? 2 : 0) + end.length);
  head.copy(line);
  let at = head.length + text.copy(line, head.length, 0, length);
  if (hasEnd) at += line.write("\\n", at, "latin1");
  end.copy(line, at);
  return line;
}

/** Whether JSON has it as it is, but for an end of the line. */
function isPlain(text: Buffer): boolean {
  const length = text.at(-1) === newline ? text.length - 1 : text.length;
  for (let index = 0; index < length; index += 1) {
    const byte = text[index] ?? 0;
    if (byte < 0x20 || byte > 0x7e || byte === quote || byte === backslash) return false;
  }
  return true;
}

/**
 * Undefined for what is no line: a crash cut it short. `line`, without its end, is used up: the text
 * may lie in it.
 */
export function decodeLine(line: Buffer): LogLine | undefined {
  return decodePlain(line) ?? decodeAny(line);
}

/** In `{"log":"…","stream":"stdout","time":"…"}` the text is found without looking at each letter. */
function decodePlain(line: Buffer): LogLine | undefined {
  const timeEnd = line.length - 2;
  const timeAt = timeEnd - timeLength - timeWord.length;
  if (timeAt < head.length || line.compare(head, 0, head.length, 0, head.length) !== 0)
    return undefined;
  if (line.toString("latin1", timeAt, timeAt + timeWord.length) !== timeWord) return undefined;
  const stream = line.toString("latin1", timeAt - 6, timeAt);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  const textEnd = timeAt - 6 - streamWord.length;
  if (line.toString("latin1", textEnd, timeAt - 6) !== streamWord) return undefined;
  const time = line.toString("latin1", timeAt + timeWord.length, timeEnd);
  const escape = line.indexOf(backslash, head.length);
  if (escape === -1 || escape >= textEnd)
    return { stream, time, text: line.subarray(head.length, textEnd) };
  if (escape !== textEnd - 2 || line[escape + 1] !== letterN) return undefined;
  line[escape] = newline;
  return { stream, time, text: line.subarray(head.length, escape + 1) };
}

function decodeAny(line: Buffer): LogLine | undefined {
  const parsed = lineSchema.safeParse(tryParseJson(line));
  if (!parsed.success) return undefined;
  const { log, stream, time, attrs } = parsed.data;
  return { stream, time, text: Buffer.from(log), attributes: attrs };
}
