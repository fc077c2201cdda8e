/** Joins small pieces of a stream to pieces of about `size` bytes; large ones pass as they are. */
export async function* gather(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let joined = Buffer.allocUnsafe(size);
  let filled = 0;
  for await (const piece of source) {
    if (filled > 0 && filled + piece.length > size) {
      yield joined.subarray(0, filled);
      joined = Buffer.allocUnsafe(size);
      filled = 0;
    }
    if (piece.length >= size) yield piece;
    else filled += piece.copy(joined, filled);
  }
  if (filled > 0) yield joined.subarray(0, filled);
}

/** All of a stream as one buffer; node:stream/consumers takes ten times as long for small ones. */
export async function joined(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}
