import { constants, createReadStream, watch } from "node:fs";
import { open, readFile, type FileHandle } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { z } from "zod";
import { describeError, DvmError, ignore } from "../../base/errors.ts";
import { timestamp } from "../../base/timestamps.ts";

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

interface LogPosition {
  /** Bytes of the log file that count. */
  fileBytes: number;
  /** Bytes of each stream that are in them. */
  streams: Record<OutputStream, number>;
}

/**
 * Writes a container's output as Docker's `json-file` driver does: a JSON object a line. A position
 * file beside it says, after each write, how far the log holds each stream of this run, so that a
 * daemon that takes over neither loses nor repeats a byte.
 */
export class ContainerLog implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #positionFile: FileHandle;
  readonly #position: LogPosition;
  /** Lines that have no end yet; as bytes, for a character may be cut too. */
  readonly #partial: Record<OutputStream, Buffer> = { stdout: nothing, stderr: nothing };
  readonly #say: (message: string) => void;
  #writing: Promise<void> = Promise.resolve();
  #lostBytes = 0;
  #isClosed = false;

  private constructor(parts: LogParts) {
    this.#file = parts.file;
    this.#positionFile = parts.positionFile;
    this.#position = parts.position;
    this.#say = parts.say;
  }

  /**
   * The log for a new run, or with `resume` for one that an earlier daemon began. `say` hears when
   * the disk takes no more of it, and when it does again.
   */
  static async open(
    path: string,
    positionPath: string,
    options: { resume?: boolean; say?: (message: string) => void } = {},
  ): Promise<ContainerLog> {
    await using undo = new AsyncDisposableStack();
    const file = undo.use(await open(path, "a", 0o600));
    const known = options.resume === true ? await readPosition(positionPath) : undefined;
    if (known !== undefined) await file.truncate(known.fileBytes);
    const { size } = await file.stat();
    // not emptied first: on a full disk it would stay empty
    const positionFile = undo.use(
      await open(positionPath, constants.O_RDWR | constants.O_CREAT, 0o600),
    );
    const position = known ?? { fileBytes: size, streams: { stdout: 0, stderr: 0 } };
    await positionFile.write(encodePosition(position), 0, positionBytes, 0);
    undo.move();
    return new ContainerLog({ file, positionFile, position, say: options.say ?? (() => {}) });
  }

  /** How many bytes of a stream of this run are kept. */
  kept(stream: OutputStream): number {
    return this.#position.streams[stream];
  }

  /** Keeps all lines that are whole. Gives how many bytes wait for the end of their line. */
  async write(stream: OutputStream, bytes: Uint8Array): Promise<number> {
    const all = Buffer.concat([this.#partial[stream], bytes]);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = all.indexOf(10); start < all.length; end = all.indexOf(10, start)) {
      const length = (end === -1 ? all.length : end + 1) - start;
      if (end === -1 && length < maximumLineBytes) break;
      const part = wholeCharacters(all.subarray(start, start + Math.min(length, maximumLineBytes)));
      lines.push(part);
      start += part.length;
    }
    this.#partial[stream] = Buffer.from(all.subarray(start));
    await this.#append(stream, lines);
    return all.length - start;
  }

  /** No more output will come: keeps what has no line end. */
  async end(): Promise<void> {
    for (const stream of ["stdout", "stderr"] as const) {
      if (this.#partial[stream].length > 0) await this.#append(stream, [this.#partial[stream]]);
      this.#partial[stream] = nothing;
    }
    await this[Symbol.asyncDispose]();
  }

  /** Closes the file; lines without an end are left to who goes on writing them. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#writing;
    await this.#file.close();
    await this.#positionFile.close();
  }

  /** Returns when the system has it: what is not yet there, a daemon that is killed would lose. */
  async #append(stream: OutputStream, lines: Buffer[]): Promise<void> {
    if (lines.length === 0) return;
    if (this.#isClosed) throw new DvmError("unavailable", "cannot write to a log that is closed");
    const time = timestamp();
    const text = lines
      .map((line) => `${JSON.stringify({ log: line.toString("utf8"), stream, time })}\n`)
      .join("");
    this.#position.streams[stream] += lines.reduce((sum, line) => sum + line.length, 0);
    this.#writing = this.#writing.then(() => this.#keep(text)).catch(() => {});
    await this.#writing;
  }

  /** A full disk must not stop the container: what it prints is lost then, as with Docker. */
  async #keep(text: string): Promise<void> {
    const position = this.#position;
    const bytes = Buffer.byteLength(text);
    try {
      await this.#file.appendFile(text);
      position.fileBytes += bytes;
      if (this.#lostBytes > 0)
        this.#say(`its log is written again; ${this.#lostBytes} bytes of it are lost`);
      this.#lostBytes = 0;
    } catch (error) {
      if (this.#lostBytes === 0)
        this.#say(`its log can't be written, what it prints is lost: ${describeError(error)}`);
      this.#lostBytes += bytes;
      // half a line would spoil the next one
      await this.#file.truncate(position.fileBytes).catch(() => {});
    }
    await this.#positionFile.write(encodePosition(position), 0, positionBytes, 0);
  }
}

interface LogParts {
  file: FileHandle;
  positionFile: FileHandle;
  position: LogPosition;
  say: (message: string) => void;
}

const positionBytes = 24;

function encodePosition({ fileBytes, streams }: LogPosition): Buffer {
  const bytes = Buffer.alloc(positionBytes);
  for (const [index, value] of [fileBytes, streams.stdout, streams.stderr].entries())
    bytes.writeBigUInt64LE(BigInt(value), index * 8);
  return bytes;
}

/** Undefined when there is none, or not a whole one. */
async function readPosition(path: string): Promise<LogPosition | undefined> {
  const bytes = await ignore("ENOENT", () => readFile(path));
  if (bytes?.length !== positionBytes) return undefined;
  const at = (index: number) => Number(bytes.readBigUInt64LE(index * 8));
  return { fileBytes: at(0), streams: { stdout: at(1), stderr: at(2) } };
}

const nothing: Buffer = Buffer.alloc(0);

/** `bytes` without a UTF-8 character that is cut at its end. */
function wholeCharacters(bytes: Buffer): Buffer {
  const decoder = new StringDecoder("utf8");
  const whole = Buffer.byteLength(decoder.write(bytes));
  const isText = decoder.end() !== "" && whole < bytes.length && bytes.length - whole < 4;
  return isText ? bytes.subarray(0, whole) : bytes;
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
