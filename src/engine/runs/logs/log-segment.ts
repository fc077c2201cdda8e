import {
  close,
  createReadStream,
  createWriteStream,
  existsSync,
  fstat,
  openSync,
  read,
  rmSync,
} from "node:fs";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { systemErrorCode } from "../../../base/errors.ts";
import { newId } from "../../../base/ids.ts";
import { olderFile } from "./log-files.ts";

const [readFrom, sizeOf, closeFile] = [promisify(read), promisify(fstat), promisify(close)];

const pieceBytes = 256 * 1024;
const newline = 10;

/** One file of a log, to be read from any place on. */
export class LogSegment implements AsyncDisposable {
  readonly #file: number;
  #at = 0;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(file: number) {
    this.#file = file;
  }

  /**
   * The current one is 0; a packed one is unpacked first, into a file without a name. Undefined: it is
   * not there. Which one is meant is settled before this returns, whatever names become meanwhile.
   */
  static async open(path: string, index: number): Promise<LogSegment | undefined> {
    const name = olderFile(path, index);
    const plain = openNow(name);
    if (plain !== undefined) return new LogSegment(plain);
    const packed = index > 0 ? openNow(`${name}.gz`) : undefined;
    return packed === undefined ? undefined : new LogSegment(await unpack(packed, path));
  }

  /** The next whole lines, without their ends; none where it ends for now. */
  async next(): Promise<Buffer[]> {
    const lines: Buffer[] = [];
    while (lines.length === 0) {
      const bytes = Buffer.allocUnsafe(this.#rest.length + pieceBytes);
      this.#rest.copy(bytes);
      const { bytesRead } = await readFrom(
        this.#file,
        bytes,
        this.#rest.length,
        pieceBytes,
        this.#at,
      );
      if (bytesRead === 0) break;
      this.#at += bytesRead;
      const end = this.#rest.length + bytesRead;
      let start = 0;
      for (let at = bytes.indexOf(newline); at !== -1 && at < end;) {
        lines.push(bytes.subarray(start, at));
        start = at + 1;
        at = bytes.indexOf(newline, start);
      }
      this.#rest = Buffer.from(bytes.subarray(start, end));
    }
    return lines;
  }

  /** Goes to where the last `count` lines begin, or to the start; gives how many it has then. */
  async seekTail(count: number): Promise<number> {
    let position = (await sizeOf(this.#file)).size;
    let newlines = 0;
    const piece = Buffer.alloc(pieceBytes);
    this.#at = position;
    if (count === 0) return 0;
    while (position > 0) {
      const start = Math.max(0, position - pieceBytes);
      await readFrom(this.#file, piece, 0, position - start, start);
      for (let at = position - start - 1; at >= 0; at -= 1) {
        if (piece[at] !== newline || (newlines += 1) <= count) continue;
        this.#at = start + at + 1;
        return count;
      }
      position = start;
    }
    this.#at = 0;
    return newlines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeFile(this.#file);
  }
}

/** How many older files a log has. */
export function countOlder(path: string): number {
  for (let index = 1; ; index += 1) {
    const name = olderFile(path, index);
    if (!existsSync(name) && !existsSync(`${name}.gz`)) return index - 1;
  }
}

function openNow(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Into a file that nobody else sees. */
async function unpack(packed: number, path: string): Promise<number> {
  const name = `${path}.unpacked-${newId().slice(0, 12)}`;
  const file = openSync(name, "wx+", 0o600);
  rmSync(name);
  try {
    await pipeline(
      createReadStream("", { fd: packed }),
      createGunzip(),
      createWriteStream("", { fd: file, autoClose: false }),
    );
    return file;
  } catch (error) {
    await closeFile(file);
    throw error;
  }
}
