import { availableParallelism } from "node:os";
import { constants, crc32, createDeflateRaw, type DeflateRaw } from "node:zlib";
import { gather } from "../../base/gather.ts";

const blockBytes = 128 * 1024;
const defaultLevel = 3;
/** No name, no time: the same bytes give the same stream. */
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** An empty block of deflate, the last one (RFC 1951, 3.2.3). */
const lastBlock = Buffer.from([3, 0]);

/**
 * Packs a stream with gzip (RFC 1952) by as many threads as the host has processors: block by block,
 * each ending at a byte and not looking back at the one before it. Memory is bounded by two blocks
 * for each processor. One deflate stream for each is kept in use: one for each block would cost 50 MB
 * until they are collected.
 */
export async function* gzipStream(
  source: AsyncIterable<Uint8Array>,
  level = defaultLevel,
): AsyncGenerator<Uint8Array> {
  const packers = Array.from({ length: availableParallelism() }, () => new BlockPacker(level));
  const packing: Promise<Buffer[]>[] = [];
  let [checksum, length, count] = [0, 0, 0];
  try {
    yield header;
    for await (const block of gather(asBuffers(source), blockBytes)) {
      checksum = crc32(block, checksum);
      length += block.length;
      const packer = packers[count % packers.length];
      if (packing.length === packers.length) yield* (await packing.shift()) ?? [];
      if (packer !== undefined) packing.push(packer.pack(block));
      count += 1;
    }
    for (const packed of packing) yield* await packed;
    yield lastBlock;
    yield trailer(checksum, length);
  } finally {
    for (const packer of packers) packer.close();
  }
}

function trailer(checksum: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(checksum, 0);
  bytes.writeUInt32LE(length % 2 ** 32, 4);
  return bytes;
}

async function* asBuffers(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const { buffer, byteOffset, byteLength } of source)
    yield Buffer.from(buffer, byteOffset, byteLength);
}

/** Deflates one block after the other, in a thread of the pool. */
class BlockPacker {
  readonly #deflate: DeflateRaw;
  #packed: Buffer[] = [];
  #fail: (error: Error) => void = () => {};

  constructor(level: number) {
    this.#deflate = createDeflateRaw({ level });
    this.#deflate.on("data", (piece: Buffer) => this.#packed.push(piece));
    this.#deflate.on("error", (error) => this.#fail(error));
  }

  /** Only when the block before is done. */
  pack(block: Buffer): Promise<Buffer[]> {
    this.#packed = [];
    const packed = new Promise<Buffer[]>((resolve, reject) => {
      this.#fail = reject;
      this.#deflate.write(block);
      this.#deflate.flush(constants.Z_FULL_FLUSH, () => resolve(this.#packed));
    });
    packed.catch(() => undefined); // whoever awaits it sees the error
    return packed;
  }

  close(): void {
    this.#deflate.destroy();
  }
}
