import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createZstdCompress, createZstdDecompress, type ZstdCompress } from "node:zlib";
import { ByteSource } from "../../base/byte-source.ts";

const bufferBytes = 64 * 1024;
const lengthBytes = 4;
/** In a piece's length: a content of the tar comes next. */
const contentMark = 0x8000_0000;

/**
 * Keeps what a tar holds besides contents, so that it can be given back byte for byte: pieces of
 * {length u32 LE, bytes}, whose highest bit says that the next content follows, all packed by zstd.
 */
export class TarHeaderLog {
  readonly #packer: ZstdCompress = createZstdCompress();
  readonly #written: Promise<void>;
  #buffer = Buffer.allocUnsafe(bufferBytes);
  /** Where the piece that is being filled begins, and where it ends so far. */
  #start = 0;
  #end = lengthBytes;

  constructor(path: string) {
    const file = createWriteStream(path, { mode: 0o600, flush: true });
    this.#written = pipeline(this.#packer, file);
    this.#written.catch(() => {}); // told by the next write, or by `end`
  }

  async add(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#end === bufferBytes) await this.#handOver(0);
      const copied = bytes.copy(this.#buffer, this.#end, at);
      at += copied;
      this.#end += copied;
    }
  }

  /** Says that a content comes next, which is kept elsewhere. */
  async markContent(): Promise<void> {
    if (this.#end + lengthBytes >= bufferBytes) await this.#handOver(contentMark);
    else this.#endPiece(contentMark);
  }

  async end(): Promise<void> {
    await this.#handOver(0);
    this.#packer.end();
    await this.#written;
  }

  /** Gives up; what was written doesn't count. */
  async abandon(): Promise<void> {
    this.#packer.destroy();
    await this.#written.catch(() => {});
  }

  #endPiece(mark: number): void {
    this.#buffer.writeUInt32LE((mark | (this.#end - this.#start - lengthBytes)) >>> 0, this.#start);
    this.#start = this.#end;
    this.#end += lengthBytes;
  }

  async #handOver(mark: number): Promise<void> {
    this.#endPiece(mark);
    const full = this.#buffer.subarray(0, this.#start);
    this.#buffer = Buffer.allocUnsafe(bufferBytes);
    this.#start = 0;
    this.#end = lengthBytes;
    if (this.#packer.write(full)) return;
    await Promise.race([once(this.#packer, "drain"), this.#written]);
  }
}

/** Reads back what a TarHeaderLog wrote. */
export async function* readTarHeaders(
  path: string,
): AsyncGenerator<{ bytes: Buffer; contentFollows: boolean }> {
  const packed = createReadStream(path);
  const unpacker = createZstdDecompress();
  packed.on("error", (error) => unpacker.destroy(error));
  try {
    const source = new ByteSource(packed.pipe(unpacker));
    for (;;) {
      const head = await source.exactly(lengthBytes);
      if (head === undefined) return;
      const word = head.readUInt32LE(0);
      const length = word & (contentMark - 1);
      const bytes = length === 0 ? Buffer.alloc(0) : await source.exactly(length);
      yield { bytes: bytes ?? Buffer.alloc(0), contentFollows: word >= contentMark };
    }
  } finally {
    packed.destroy();
    unpacker.destroy();
  }
}
