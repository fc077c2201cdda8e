import { DvmError } from "./errors.ts";

/** Reads a stream of chunks in pieces of the reader's choice, without copying what needn't be. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #aside: ((bytes: Buffer) => Promise<void>) | undefined;
  #current: Buffer = Buffer.alloc(0);

  /** `aside` is given all bytes that aren't read as `content`. */
  constructor(source: AsyncIterable<Uint8Array>, aside?: (bytes: Buffer) => Promise<void>) {
    this.#chunks = source[Symbol.asyncIterator]();
    this.#aside = aside;
  }

  /** At least one byte and at most `limit` as they lie ready; undefined at the end. */
  async some(limit: number): Promise<Buffer | undefined> {
    const piece = await this.#take(limit);
    if (piece !== undefined) await this.#aside?.(piece);
    return piece;
  }

  async #take(limit: number): Promise<Buffer | undefined> {
    while (this.#current.length === 0) {
      const { value, done } = await this.#chunks.next();
      if (done === true) return undefined;
      this.#current = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    const piece = this.#current.subarray(0, limit);
    this.#current = this.#current.subarray(piece.length);
    return piece;
  }

  /** Exactly `length` bytes; undefined at the very end; an error in between. */
  async exactly(length: number): Promise<Buffer | undefined> {
    const first = await this.some(length);
    if (first === undefined || first.length === length) return first;
    const parts = [first];
    let have = first.length;
    while (have < length) {
      const part = await this.some(length - have);
      if (part === undefined) throw truncated();
      parts.push(part);
      have += part.length;
    }
    return Buffer.concat(parts, length);
  }

  /** Gives `length` bytes piece by piece. */
  pieces(length: number): AsyncGenerator<Buffer> {
    return inPieces(length, (limit) => this.some(limit));
  }

  /** As `pieces`; nothing of it is put aside. */
  content(length: number): AsyncGenerator<Buffer> {
    return inPieces(length, (limit) => this.#take(limit));
  }

  async skip(length: number): Promise<void> {
    for await (const _piece of this.pieces(length));
  }

  /** As `skip`, where the source may end. */
  async skipUpTo(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      const piece = await this.some(left);
      if (piece === undefined) return;
      left -= piece.length;
    }
  }

  /** Reads to the end, so that a hash over the source sees every byte. */
  async drain(): Promise<void> {
    while ((await this.some(Number.MAX_SAFE_INTEGER)) !== undefined);
  }
}

async function* inPieces(
  length: number,
  take: (limit: number) => Promise<Buffer | undefined>,
): AsyncGenerator<Buffer> {
  for (let left = length; left > 0;) {
    const piece = await take(left);
    if (piece === undefined) throw truncated();
    left -= piece.length;
    yield piece;
  }
}

function truncated(): DvmError {
  return new DvmError("damaged", "cannot read the archive: it ends too early");
}
