import type { LogLine } from "../engine/runs.ts";

interface LogOutput {
  timestamps: boolean;
  /** What was kept with each line comes before it. */
  details: boolean;
  isMultiplexed: boolean;
}

const frameHeaderBytes = 8;
const streamNumbers = { stdout: 1, stderr: 2 } as const;

/** Lines of a log as the Engine API gives them, all in one piece. */
export function encodeLogLines(lines: readonly LogLine[], options: LogOutput): Buffer {
  const { isMultiplexed, timestamps, details } = options;
  const hasHeads = timestamps || details;
  const heads = hasHeads ? lines.map((line) => headOf(line, options)) : [];
  let length = isMultiplexed ? frameHeaderBytes * lines.length : 0;
  for (const { text } of lines) length += text.length;
  for (const head of heads) length += head.length;
  const out = Buffer.allocUnsafe(length);
  let at = 0;
  let index = 0;
  for (const { stream, text } of lines) {
    const head = heads[index] ?? "";
    index += 1;
    if (isMultiplexed) {
      at = out.writeUInt32BE(streamNumbers[stream] << 24, at);
      at = out.writeUInt32BE(head.length + text.length, at);
    }
    if (head !== "") at += out.write(head, at, "latin1");
    out.set(text, at);
    at += text.length;
  }
  return out;
}

/** Of letters of ASCII only. */
function headOf({ time, attributes = {} }: LogLine, { timestamps, details }: LogOutput): string {
  const moment = timestamps ? `${withNanoseconds(time)} ` : "";
  return details ? `${moment}${describe(attributes)} ` : moment;
}

/** Lines that were not written here may have a shorter fraction. */
function withNanoseconds(time: string): string {
  const [, seconds = "", fraction = "", zone = ""] =
    /^([^.]*?)(?:\.(\d*))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  return seconds === "" ? time : `${seconds}.${fraction.padEnd(9, "0")}${zone}`;
}

/** `name=value,…` in the order of the names, each as Go's url.QueryEscape has it. */
function describe(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${queryEscape(name)}=${queryEscape(value)}`)
    .join(",");
}

function queryEscape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}
