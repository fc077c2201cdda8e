import { createReadStream, createWriteStream, existsSync, renameSync, rmSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { describeError } from "../../../base/errors.ts";
import type { LogFeed } from "./log-feed.ts";

export interface FileSettings {
  /** A file that is so long is followed by a new one; undefined: it grows. */
  maximumBytes?: number | undefined;
  /** How many there are, with the current one. */
  maximumFiles: number;
  /** Whether all but the current one are packed. */
  compress: boolean;
}

/** `container.log.2` of `container.log`; of 0 that itself. */
export function olderFile(path: string, index: number): string {
  return index === 0 ? path : `${path}.${index}`;
}

interface OpenFiles {
  path: string;
  settings: FileSettings;
  feed: LogFeed;
  say: (message: string) => void;
}

/** The current file of a log, and how older ones come to be. */
export class LogFiles implements AsyncDisposable {
  readonly #parts: OpenFiles;
  #file: FileHandle;
  #bytes: number;
  #inode: number;
  #packing: Promise<void> = Promise.resolve();

  private constructor(parts: OpenFiles, file: FileHandle, now: { size: number; ino: number }) {
    this.#parts = parts;
    this.#file = file;
    this.#bytes = now.size;
    this.#inode = now.ino;
  }

  static async open(parts: OpenFiles): Promise<LogFiles> {
    await using undo = new AsyncDisposableStack();
    const file = undo.use(await open(parts.path, "a", 0o600));
    const found = await file.stat();
    undo.move();
    return new LogFiles(parts, file, found);
  }

  /** Of the current file. */
  get bytes(): number {
    return this.#bytes;
  }

  get inode(): number {
    return this.#inode;
  }

  /** The next line goes into a new file. */
  get isFull(): boolean {
    const { maximumBytes } = this.#parts.settings;
    return maximumBytes !== undefined && this.#bytes >= maximumBytes;
  }

  /** How much more the current file takes. */
  get room(): number {
    return (this.#parts.settings.maximumBytes ?? Infinity) - this.#bytes;
  }

  /** All of it, or nothing: half a line would spoil the next one. */
  async append(bytes: Buffer): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;)
        at += (await this.#file.write(bytes, at, bytes.length - at)).bytesWritten;
      this.#bytes += bytes.length;
    } catch (error) {
      await this.#file.truncate(this.#bytes).catch(() => {});
      throw error;
    }
    this.#parts.feed.changed();
  }

  async truncate(bytes: number): Promise<void> {
    await this.#file.truncate(bytes);
    this.#bytes = bytes;
  }

  /** Begins a new file. Who reads finds each file under its name at every moment. */
  async rotate(): Promise<void> {
    const { path, settings, feed } = this.#parts;
    await this.#packing;
    const full = this.#file;
    const next = await open(`${path}.next`, "w", 0o600);
    this.#shift();
    renameSync(`${path}.next`, path);
    feed.generation += 1;
    this.#file = next;
    this.#bytes = 0;
    this.#inode = (await next.stat()).ino;
    await full.close();
    if (settings.compress && settings.maximumFiles > 1) this.#packing = this.#pack();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#packing;
    await this.#file.close();
  }

  #shift(): void {
    const { path, settings } = this.#parts;
    for (let index = settings.maximumFiles - 1; index > 0; index -= 1) {
      for (const suffix of ["", ".gz"]) {
        const from = olderFile(path, index - 1) + suffix;
        const to = olderFile(path, index) + suffix;
        rmSync(to, { force: true });
        if (existsSync(from)) renameSync(from, to);
      }
    }
  }

  async #pack(): Promise<void> {
    const path = olderFile(this.#parts.path, 1);
    const packed = `${path}.gz.part`;
    try {
      await pipeline(
        createReadStream(path),
        createGzip(),
        createWriteStream(packed, { mode: 0o600 }),
      );
      renameSync(packed, `${path}.gz`);
      rmSync(path);
    } catch (error) {
      rmSync(packed, { force: true });
      this.#parts.say(`its log can't be packed: ${describeError(error)}`);
    }
  }
}
