import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../base/ids.ts";

const memoryBytes = 1024 * 1024;
/** On the disk, for each who reads slowly. */
const fileBytes = 256 * 1024 * 1024;
const pieceBytes = 256 * 1024;

/** Bytes that somebody has not taken yet, in order: in memory first, then in a file without a name. */
export class Backlog implements Disposable {
  readonly #folder: string;
  #memory: Buffer[] = [];
  #inMemory = 0;
  #file: number | undefined;
  #written = 0;
  #read = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get isEmpty(): boolean {
    return this.#inMemory === 0 && this.#read === this.#written;
  }

  /** No more should be added for now. */
  get isFull(): boolean {
    return this.#written - this.#read >= fileBytes;
  }

  push(bytes: Uint8Array): void {
    if (this.#file === undefined && this.#inMemory < memoryBytes) {
      this.#memory.push(Buffer.from(bytes));
      this.#inMemory += bytes.length;
      return;
    }
    this.#file ??= this.#open();
    for (let at = 0; at < bytes.length;)
      at += writeSync(this.#file, bytes, at, bytes.length - at, this.#written + at);
    this.#written += bytes.length;
  }

  /** The next bytes; undefined: there are none. */
  shift(): Buffer | undefined {
    const first = this.#memory.shift();
    if (first !== undefined) {
      this.#inMemory -= first.length;
      return first;
    }
    if (this.#file === undefined) return undefined;
    const piece = Buffer.alloc(Math.min(pieceBytes, this.#written - this.#read));
    const count = readSync(this.#file, piece, 0, piece.length, this.#read);
    this.#read += count;
    if (this.#read === this.#written) this.#close();
    return piece.subarray(0, count);
  }

  [Symbol.dispose](): void {
    this.#memory = [];
    this.#inMemory = 0;
    this.#close();
  }

  #open(): number {
    const path = join(this.#folder, `backlog-${newId().slice(0, 12)}`);
    const file = openSync(path, "wx+", 0o600);
    rmSync(path);
    return file;
  }

  #close(): void {
    if (this.#file !== undefined) {
      ftruncateSync(this.#file);
      closeSync(this.#file);
    }
    this.#file = undefined;
    this.#read = this.#written = 0;
  }
}
