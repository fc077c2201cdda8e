import { StringDecoder } from "node:string_decoder";
import { describeError, DvmError } from "../../../base/errors.ts";
import { timestamp } from "../../../base/timestamps.ts";
import { LogFeed } from "./log-feed.ts";
import { type FileSettings, LogFiles } from "./log-files.ts";
import { encodeLine, lineEnd, type OutputStream } from "./log-line.ts";
import { type LogPosition, PositionFile, readPosition } from "./log-position.ts";
import type { LogSink } from "./log-sink.ts";

/** As Docker's json-file driver: a longer line is kept in parts. */
const maximumLineBytes = 16 * 1024;
const nothing: Buffer = Buffer.alloc(0);

export interface LogParts {
  path: string;
  positionPath: string;
  /** The files that it is kept in; undefined: it isn't kept. */
  files?: FileSettings | undefined;
  /** What is kept with each line. */
  attributes?: Readonly<Record<string, string>>;
  /** Where else lines go. */
  sink?: LogSink | undefined;
  /** So many bytes may wait to be written without holding the program up; what is more is lost. */
  bufferBytes?: number | undefined;
  feed?: LogFeed;
  /** For a run that an earlier daemon began. */
  resume?: boolean;
  /** Hears when the disk takes no more of it, and when it does again. */
  say?: (message: string) => void;
}

/**
 * Writes a container's output as Docker's `json-file` driver does: a JSON object a line. A position
 * file beside it says, after each write, how far the log holds each stream of this run, so that a
 * daemon that takes over neither loses nor repeats a byte.
 */
export class ContainerLog implements AsyncDisposable {
  readonly #files: LogFiles | undefined;
  readonly #positionFile: PositionFile;
  readonly #position: LogPosition;
  readonly #parts: LogParts;
  readonly #attributes: string;
  /** Lines that have no end yet; as bytes, for a character may be cut too. */
  readonly #partial: Record<OutputStream, Buffer> = { stdout: nothing, stderr: nothing };
  #writing: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #lostBytes = 0;
  #isClosed = false;

  private constructor(
    parts: LogParts,
    files: LogFiles | undefined,
    position: { file: PositionFile; now: LogPosition },
  ) {
    this.#parts = parts;
    this.#files = files;
    this.#positionFile = position.file;
    this.#position = position.now;
    const { attributes = {} } = parts;
    this.#attributes = Object.keys(attributes).length === 0 ? "" : JSON.stringify(attributes);
  }

  /** The log for a new run, or with `resume` for one that an earlier daemon began. */
  static async open(parts: LogParts): Promise<ContainerLog> {
    await using undo = new AsyncDisposableStack();
    const { path, feed = new LogFeed(), say = () => {} } = parts;
    const files =
      parts.files === undefined
        ? undefined
        : undo.use(await LogFiles.open({ path, settings: parts.files, feed, say }));
    const known = parts.resume === true ? await readPosition(parts.positionPath) : undefined;
    // a file that was begun after the position was written holds nothing that counts
    if (known !== undefined)
      await files?.truncate(known.inode === files.inode ? known.fileBytes : 0);
    const file = undo.use(new PositionFile(parts.positionPath));
    const streams = known?.streams ?? { stdout: 0, stderr: 0 };
    const now = { fileBytes: files?.bytes ?? 0, inode: files?.inode ?? 0, streams };
    file.write(now);
    undo.move();
    return new ContainerLog(parts, files, { file, now });
  }

  /** How many bytes of a stream of this run are kept. */
  kept(stream: OutputStream): number {
    return this.#position.streams[stream];
  }

  /** Keeps all lines that are whole. Gives how many bytes wait for the end of their line. */
  async write(stream: OutputStream, bytes: Uint8Array): Promise<number> {
    const before = this.#partial[stream];
    const all = before.length === 0 ? asBuffer(bytes) : Buffer.concat([before, bytes]);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = all.indexOf(10); start < all.length; end = all.indexOf(10, start)) {
      const length = (end === -1 ? all.length : end + 1) - start;
      if (end === -1 && length < maximumLineBytes) break;
      const isLong = length > maximumLineBytes;
      const part = isLong
        ? wholeCharacters(all.subarray(start, start + maximumLineBytes))
        : all.subarray(start, start + length);
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
    await this.#files?.[Symbol.asyncDispose]();
    this.#positionFile[Symbol.dispose]();
    this.#parts.sink?.[Symbol.dispose]();
  }

  /** Returns when the system has it: what is not yet there, a daemon that is killed would lose. */
  async #append(stream: OutputStream, lines: Buffer[]): Promise<void> {
    if (lines.length === 0) return;
    if (this.#isClosed) throw new DvmError("unavailable", "cannot write to a log that is closed");
    const bytes = lines.reduce((sum, line) => sum + line.length, 0);
    const { bufferBytes, sink } = this.#parts;
    for (const line of lines) sink?.write(stream, line);
    const isDropped = bufferBytes !== undefined && this.#waitingBytes + bytes > bufferBytes;
    this.#waitingBytes += bytes;
    this.#writing = this.#writing
      .then(() => this.#keep(stream, isDropped ? [] : lines, bytes))
      .catch(() => {})
      .finally(() => (this.#waitingBytes -= bytes));
    if (bufferBytes === undefined) await this.#writing;
  }

  /** A full disk must not stop the container: what it prints is lost then, as with Docker. */
  async #keep(stream: OutputStream, lines: Buffer[], bytes: number): Promise<void> {
    const position = this.#position;
    const files = this.#files;
    const say = this.#parts.say ?? (() => {});
    const countedUpTo = position.streams[stream] + bytes;
    try {
      if (files !== undefined) await this.#keepIn(files, stream, lines);
      if (this.#lostBytes > 0)
        say(`its log is written again; ${this.#lostBytes} bytes of it are lost`);
      this.#lostBytes = 0;
    } catch (error) {
      if (this.#lostBytes === 0)
        say(`its log can't be written, what it prints is lost: ${describeError(error)}`);
      this.#lostBytes += bytes;
    }
    position.streams[stream] = countedUpTo;
    this.#positionFile.write(position);
  }

  /** File by file, as each takes lines. */
  async #keepIn(files: LogFiles, stream: OutputStream, lines: Buffer[]): Promise<void> {
    const end = lineEnd(stream, timestamp(), this.#attributes);
    for (let next = 0; next < lines.length;) {
      if (files.isFull) await this.#rotate(files);
      const encoded: Buffer[] = [];
      let length = 0;
      let count = 0;
      for (; next < lines.length && length < files.room; next += 1) {
        const line = lines[next] ?? nothing;
        const one = encodeLine(line, end);
        encoded.push(one);
        length += one.length;
        count += line.length;
      }
      await files.append(Buffer.concat(encoded, length));
      this.#position.fileBytes = files.bytes;
      this.#position.streams[stream] += count;
    }
  }

  /** A daemon that comes in between must know that the full file counts whole. */
  async #rotate(files: LogFiles): Promise<void> {
    this.#positionFile.write(this.#position);
    await files.rotate();
    Object.assign(this.#position, { fileBytes: 0, inode: files.inode });
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `bytes` without a UTF-8 character that is cut at its end. */
function wholeCharacters(bytes: Buffer): Buffer {
  const decoder = new StringDecoder("utf8");
  const whole = Buffer.byteLength(decoder.write(bytes));
  const isText = decoder.end() !== "" && whole < bytes.length && bytes.length - whole < 4;
  return isText ? bytes.subarray(0, whole) : bytes;
}
