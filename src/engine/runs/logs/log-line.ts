import { z } from "zod";
import { tryParseJson } from "../../../base/parse-json.ts";

export type OutputStream = "stdout" | "stderr";

export interface LogLine {
  stream: OutputStream;
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
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
/** What is between text and time; of both streams it is as long. */
const beforeTime: Record<OutputStream, Buffer> = {
  stdout: Buffer.from('","stream":"stdout","time":"'),
  stderr: Buffer.from('","stream":"stderr","time":"'),
};
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
  const timeAt = line.length - 2 - timeLength;
  const textEnd = timeAt - beforeTime.stdout.length;
  if (textEnd < head.length || !hasAt(line, 0, head)) return undefined;
  const stream = hasAt(line, textEnd, beforeTime.stdout)
    ? "stdout"
    : hasAt(line, textEnd, beforeTime.stderr)
      ? "stderr"
      : undefined;
  if (stream === undefined) return undefined;
  const escape = line.indexOf(backslash, head.length);
  if (escape === -1 || escape >= textEnd) return new PlainLine(line, stream, textEnd);
  if (escape !== textEnd - 2 || line[escape + 1] !== letterN) return undefined;
  line[escape] = newline;
  return new PlainLine(line, stream, escape + 1);
}

class PlainLine implements LogLine {
  readonly stream: OutputStream;
  readonly text: Buffer;
  readonly #stored: Buffer;

  constructor(stored: Buffer, stream: OutputStream, textEnd: number) {
    this.#stored = stored;
    this.stream = stream;
    this.text = stored.subarray(head.length, textEnd);
  }

  get time(): string {
    const end = this.#stored.length - 2;
    return this.#stored.toString("latin1", end - timeLength, end);
  }
}

function hasAt(bytes: Buffer, at: number, word: Buffer): boolean {
  for (let index = 0; index < word.length; index += 1)
    if (bytes[at + index] !== word[index]) return false;
  return true;
}

function decodeAny(line: Buffer): LogLine | undefined {
  const parsed = lineSchema.safeParse(tryParseJson(line));
  if (!parsed.success) return undefined;
  const { log, stream, time, attrs } = parsed.data;
  return { stream, time, text: Buffer.from(log), attributes: attrs };
}
