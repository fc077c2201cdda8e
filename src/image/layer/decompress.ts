import { Readable } from "node:stream";
import { createGunzip, createZstdDecompress, zstdDecompressSync } from "node:zlib";
import { DvmError } from "../../base/errors.ts";
import { unpackedBy, unpackers } from "./unpack-by-program.ts";
import { looksLikeZstd, zstdFrames } from "./zstd-frames.ts";

export type Compression = "gzip" | "zstd" | "xz" | "bzip2" | "none";

const smallFrameBytes = 256 * 1024;
const smallContentBytes = 4 * 2 ** 20;

/** What `bytes`, the beginning of a stream, are compressed with. */
export function compressionOf(bytes: Buffer): Compression {
  if (bytes.length >= 2 && bytes.readUInt16BE(0) === 0x1f8b) return "gzip";
  if (looksLikeZstd(bytes)) return "zstd";
  if (bytes.toString("latin1", 0, 6) === "\xfd7zXZ\0") return "xz";
  if (bytes.toString("latin1", 0, 3) === "BZh") return "bzip2";
  return "none";
}

/** The stream as it was before compression: all that follow each other, should there be several. */
export function decompress(
  compression: Compression,
  pieces: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  if (compression === "none") return pieces;
  if (compression === "gzip") return unpacked(pieces, createGunzip());
  return compression === "zstd"
    ? unpackedFrames(pieces)
    : unpackedBy(unpackers[compression], pieces);
}

async function* unpackedFrames(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const frame of zstdFrames(pieces)) {
    const { start, whole } = await peek(frame, smallFrameBytes);
    const atOnce = start.length < smallFrameBytes ? unpackedAtOnce(start) : undefined;
    if (atOnce === undefined) yield* unpacked(whole, createZstdDecompress());
    else yield atOnce;
  }
}

/** A layer may have a frame for each file; a stream for each costs too much. */
function unpackedAtOnce(frame: Buffer): Buffer | undefined {
  try {
    return zstdDecompressSync(frame, { maxOutputLength: smallContentBytes });
  } catch {
    return undefined; // larger, or damaged: the stream will tell
  }
}

async function* unpacked(
  pieces: AsyncIterable<Uint8Array>,
  unpack: NodeJS.ReadWriteStream & Readable,
): AsyncGenerator<Uint8Array> {
  const packed = Readable.from(pieces, { objectMode: false });
  packed.on("error", (error) => unpack.destroy(error));
  try {
    for await (const chunk of packed.pipe(unpack)) yield chunk as Buffer;
    // gzip takes zeros behind the last member for its end; whoever hashes wants to see them
    packed.unpipe();
    for await (const _rest of packed);
  } catch (cause) {
    if (cause instanceof DvmError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DvmError(
      "damaged",
      `cannot read the archive: its compressed data is damaged (${why})`,
      { cause },
    );
  } finally {
    packed.destroy();
    unpack.destroy();
  }
}

/** Reads up to `length` bytes ahead, and gives the whole stream with them. */
export async function peek(
  source: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ start: Buffer; whole: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const parts: Uint8Array[] = [];
  for (let have = 0; have < length;) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    parts.push(value);
    have += value.length;
  }
  const start = Buffer.concat(parts);
  async function* whole(): AsyncGenerator<Uint8Array> {
    try {
      if (start.length > 0) yield start;
      for (;;) {
        const { value, done } = await iterator.next();
        if (done === true) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { start, whole: whole() };
}
