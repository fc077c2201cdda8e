import { DvmError } from "../../base/errors.ts";
import { ByteSource } from "../../base/byte-source.ts";

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const rawBlock = 0;
const repeatedBlock = 1;

/**
 * The frames of a zstd stream, each with its bytes as they are: Node's decompressor takes one. Frames
 * to be skipped are left out. Format: RFC 8878, section 3.1.
 */
export async function* zstdFrames(
  packed: AsyncIterable<Uint8Array>,
): AsyncGenerator<AsyncGenerator<Buffer>> {
  const source = new ByteSource(packed);
  for (;;) {
    const magic = await source.exactly(4);
    if (magic === undefined) return;
    const word = magic.readUInt32LE(0);
    if ((word & 0xfffffff0) >>> 0 === skippableMagic) {
      await source.skip((await wanted(source, 4)).readUInt32LE(0));
    } else if (word === frameMagic) {
      const frame = oneFrame(source, magic);
      yield frame;
      // whoever stopped early leaves the rest of it to be passed over
      for await (const _piece of frame);
    } else throw damaged("something else follows it");
  }
}

/** Whether a stream that begins so is of zstd. */
export function looksLikeZstd(bytes: Buffer): boolean {
  if (bytes.length < 4) return false;
  const word = bytes.readUInt32LE(0);
  return word === frameMagic || (word & 0xfffffff0) >>> 0 === skippableMagic;
}

async function* oneFrame(source: ByteSource, magic: Buffer): AsyncGenerator<Buffer> {
  const descriptor = await wanted(source, 1);
  const flags = descriptor[0] ?? 0;
  yield Buffer.concat([magic, descriptor, await wanted(source, headerBytes(flags))]);
  for (;;) {
    const head = await wanted(source, 3);
    const word = head.readUIntLE(0, 3);
    yield head;
    const type = (word >> 1) & 3;
    if (type !== rawBlock && type !== repeatedBlock && type !== 2)
      throw damaged("a block is of an unknown kind");
    yield* source.pieces(type === repeatedBlock ? 1 : word >> 3);
    if ((word & 1) === 1) break;
  }
  const hasChecksum = (flags & 4) !== 0;
  if (hasChecksum) yield await wanted(source, 4);
}

/** Of a frame's header behind its descriptor: window, dictionary's id, size of the content. */
function headerBytes(flags: number): number {
  const isSingleSegment = (flags & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] ?? 0;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0;
  return (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
}

async function wanted(source: ByteSource, length: number): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0);
  const bytes = await source.exactly(length);
  if (bytes === undefined) throw damaged("it ends too early");
  return bytes;
}

function damaged(fact: string): DvmError {
  return new DvmError(
    "damaged",
    `cannot read the archive: its compressed data is damaged (${fact})`,
  );
}
