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
