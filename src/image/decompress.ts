import { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { DvmError } from "../base/errors.ts";

export type Compression = "gzip" | "zstd" | "none";

/** What `bytes`, the beginning of a stream, are compressed with. */
export function compressionOf(bytes: Buffer): Compression {
  if (bytes.length >= 2 && bytes.readUInt16BE(0) === 0x1f8b) return "gzip";
  if (bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfd2fb528) return "zstd";
  if (bytes.toString("latin1", 0, 6) === "\xfd7zXZ\0" || bytes.toString("latin1", 0, 3) === "BZh") {
    throw new DvmError(
      "unsupported",
      "cannot read the archive: it is compressed with xz or bzip2",
      {
        hint: "gzip, zstd and no compression are understood",
      },
    );
  }
  return "none";
}

/** The stream as it was before compression. */
export function decompress(
  compression: Compression,
  pieces: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  if (compression === "none") return pieces;
  const unpack = compression === "gzip" ? createGunzip() : createZstdDecompress();
  return unpacked(Readable.from(pieces, { objectMode: false }), unpack);
}

async function* unpacked(
  packed: Readable,
  unpack: NodeJS.ReadWriteStream & Readable,
): AsyncGenerator<Uint8Array> {
  packed.on("error", (error) => unpack.destroy(error));
  try {
    for await (const chunk of packed.pipe(unpack)) yield chunk as Buffer;
  } catch (cause) {
    if (cause instanceof DvmError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DvmError(
      "damaged",
      `cannot read the archive: its compressed data is damaged (${why})`,
      {
        cause,
      },
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
  let start: Buffer = Buffer.alloc(0);
  while (start.length < length) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    start = start.length === 0 ? Buffer.from(value) : Buffer.concat([start, value]);
  }
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
