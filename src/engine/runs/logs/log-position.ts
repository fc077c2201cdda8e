import { closeSync, constants, openSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { ignore } from "../../../base/errors.ts";
import type { OutputStream } from "./log-line.ts";

export interface LogPosition {
  /** Bytes of the current file that count. */
  fileBytes: number;
  /** Which file that is. */
  inode: number;
  /** Bytes of each stream that are in the log. */
  streams: Record<OutputStream, number>;
}

const positionBytes = 32;

/** Says how far a log holds the output of a run, for a daemon that takes over. */
export class PositionFile implements Disposable {
  readonly #file: number;

  /** Not emptied first: on a full disk it would stay empty. */
  constructor(path: string) {
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  write({ fileBytes, inode, streams }: LogPosition): void {
    const bytes = Buffer.alloc(positionBytes);
    for (const [index, value] of [fileBytes, streams.stdout, streams.stderr, inode].entries())
      bytes.writeBigUInt64LE(BigInt(value), index * 8);
    writeSync(this.#file, bytes, 0, positionBytes, 0);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** Undefined when there is none, or not a whole one. */
export async function readPosition(path: string): Promise<LogPosition | undefined> {
  const bytes = await ignore("ENOENT", () => readFile(path));
  if (bytes?.length !== positionBytes) return undefined;
  const at = (index: number) => Number(bytes.readBigUInt64LE(index * 8));
  return { fileBytes: at(0), streams: { stdout: at(1), stderr: at(2) }, inode: at(3) };
}
