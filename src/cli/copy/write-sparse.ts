import type { FileHandle } from "node:fs/promises";

const blockBytes = 4096;
const zeros = Buffer.alloc(blockBytes);

/** Writes a new file's content, and leaves blocks out that hold nothing but zeros. */
export async function writeSparse(
  file: FileHandle,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  let at = 0;
  for await (const piece of pieces) {
    for (const { start, end } of filled(piece, at)) await writeAll(file, piece, { start, end, at });
    at += piece.length;
  }
  await file.truncate(at);
}

interface Span {
  start: number;
  end: number;
}

/** The parts of a piece that stands at `at` of its file that are in no block of zeros. */
function filled(piece: Uint8Array, at: number): Span[] {
  const spans: Span[] = [];
  for (let start = 0; start < piece.length;) {
    const end = Math.min(piece.length, start + blockBytes - ((at + start) % blockBytes));
    const last = spans.at(-1);
    // a block may come in pieces: with all of them left out it is a hole, too
    const isHole = zeros.subarray(0, end - start).equals(piece.subarray(start, end));
    if (!isHole && last?.end === start) last.end = end;
    else if (!isHole) spans.push({ start, end });
    start = end;
  }
  return spans;
}

async function writeAll(
  file: FileHandle,
  piece: Uint8Array,
  { start, end, at }: Span & { at: number },
): Promise<void> {
  for (let from = start; from < end;)
    from += (await file.write(piece, from, end - from, at + from)).bytesWritten;
}
