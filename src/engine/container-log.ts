import { once } from "node:events";
import { createReadStream, createWriteStream, watch, type WriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { z } from "zod";
import { timestamp } from "./container-record.ts";

export type OutputStream = "stdout" | "stderr";

export interface LogLine {
  stream: OutputStream;
  /** RFC 3339 with nanoseconds. */
  time: string;
  /** With its line end; a last line that has none is given without one. */
  text: string;
}

const lineSchema = z.object({
  log: z.string(),
  stream: z.enum(["stdout", "stderr"]),
  time: z.string(),
});
/** As Docker's json-file driver: a longer line is kept in parts. */
const maximumLineBytes = 16 * 1024;

/** Writes a container's output as Docker's `json-file` driver does: a JSON object a line. */
export class ContainerLog implements AsyncDisposable {
  readonly #file: WriteStream;
  readonly #partial: Record<OutputStream, string> = { stdout: "", stderr: "" };
  readonly #decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };

  constructor(path: string) {
    this.#file = createWriteStream(path, { flags: "a", mode: 0o600 });
    this.#file.on("error", () => {}); // a full disk must not end the container; `write` says so
  }

  async write(stream: OutputStream, bytes: Uint8Array): Promise<void> {
    const text = this.#partial[stream] + this.#decoders[stream].write(Buffer.from(bytes));
    const lines = text.split(/(?<=\n)/).filter((line) => line !== "");
    const last = lines.at(-1) ?? "";
    const keep = last.endsWith("\n") || last.length >= maximumLineBytes ? "" : last;
    if (keep !== "") lines.pop();
    this.#partial[stream] = keep;
    await this.#append(stream, lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of ["stdout", "stderr"] as const) {
      const rest = this.#partial[stream] + this.#decoders[stream].end();
      if (rest !== "") await this.#append(stream, [rest]);
    }
    if (this.#file.closed || this.#file.errored !== null) return;
    this.#file.end();
    await Promise.race([once(this.#file, "close"), once(this.#file, "error")]);
  }

  async #append(stream: OutputStream, lines: string[]): Promise<void> {
    const time = timestamp();
    const text = lines.map((log) => `${JSON.stringify({ log, stream, time })}\n`).join("");
    if (text === "" || this.#file.errored !== null) return;
    if (!this.#file.write(text))
      await Promise.race([once(this.#file, "drain"), once(this.#file, "close")]);
  }
}

interface ReadOptions {
  /** Only the last so many lines. */
  tail?: number | undefined;
  /** Goes on until this says that no more will come. */
  follow?: { ended: Promise<void> } | undefined;
  since?: string | undefined;
  until?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** The lines of a log, oldest first. A file that isn't there has none. */
export async function* readLog(path: string, options: ReadOptions): AsyncGenerator<LogLine> {
  const from = options.tail === undefined ? 0 : await offsetOfTail(path, options.tail);
  for await (const text of lineTexts(path, from, options)) {
    const line = lineSchema.safeParse(parseJson(text));
    if (!line.success) continue; // a line that a crash cut short
    const { log, stream, time } = line.data;
    if (options.since !== undefined && time < options.since) continue;
    if (options.until !== undefined && time > options.until) return;
    yield { stream, time, text: log };
  }
}

async function* lineTexts(
  path: string,
  from: number,
  options: ReadOptions,
): AsyncGenerator<string> {
  let offset = from;
  let rest: Buffer = Buffer.alloc(0);
  let last = options.follow === undefined;
  for (;;) {
    const wasLast: boolean = last;
    for await (const chunk of chunks(path, offset)) {
      offset += chunk.length;
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        yield rest.toString("utf8", 0, end);
        rest = rest.subarray(end + 1);
      }
    }
    if (wasLast || options.signal?.aborted === true) return;
    last = await waitForMore(path, offset, options);
  }
}

async function* chunks(path: string, start: number): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path, { start })) yield chunk as Buffer;
  } catch {
    // not written yet, or removed with its container: nothing to read
  }
}

/** True when the container has ended, so that one more read is the last. */
async function waitForMore(path: string, offset: number, options: ReadOptions): Promise<boolean> {
  const ended = options.follow?.ended.then(() => true) ?? Promise.resolve(true);
  const stop = new AbortController();
  const aborted = new Promise<boolean>((resolve) => {
    options.signal?.addEventListener("abort", () => resolve(true), { once: true });
  });
  try {
    const changed = new Promise<boolean>((resolve) => {
      const watcher = watch(path, { signal: stop.signal, persistent: false }, () => resolve(false));
      watcher.on("error", () => resolve(false));
    });
    const grown = open(path, "r").then(async (file) => {
      const { size } = await file.stat();
      await file.close();
      return size > offset;
    });
    if (await grown) return false;
    return await Promise.race([ended, changed, aborted]);
  } catch {
    return await Promise.race([ended, aborted]);
  } finally {
    stop.abort();
  }
}

const backwardsBytes = 64 * 1024;

/** Where the last `count` lines begin: read from the end, so that a long log costs nothing. */
async function offsetOfTail(path: string, count: number): Promise<number> {
  try {
    await using file = await open(path, "r");
    let position = (await file.stat()).size;
    if (count === 0) return position;
    let newlines = 0;
    const buffer = Buffer.alloc(backwardsBytes);
    while (position > 0) {
      const start = Math.max(0, position - backwardsBytes);
      await file.read(buffer, 0, position - start, start);
      for (let at = position - start - 1; at >= 0; at -= 1) {
        if (buffer[at] === 10 && (newlines += 1) > count) return start + at + 1;
      }
      position = start;
    }
    return 0;
  } catch {
    return 0;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
