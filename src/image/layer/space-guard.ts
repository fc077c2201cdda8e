import { statfs } from "node:fs/promises";
import { DvmError } from "../../base/errors.ts";
import type { TarEntry } from "../../base/tar/tar-reader.ts";

const maximumReserveBytes = 2 ** 30;
const reservePart = 0.05;
/** How much may be written before the disk is looked at again. */
const strideBytes = 64 * 2 ** 20;
/** What an entry takes besides its content, about. */
const entryBytes = 256;

/**
 * Passes on the entries of a layer while the disk of `folder` has room for what they claim, and for
 * a reserve: 5 % of it, 1 GiB at most. So a few kilobytes that stand for terabytes are refused before
 * they are written.
 */
export async function* withinSpace(
  entries: AsyncIterable<TarEntry>,
  folder: string,
): AsyncGenerator<TarEntry> {
  let granted = 0;
  for await (const entry of entries) {
    const needed = entry.sizeBytes + entryBytes;
    if (needed > granted) granted = await grant(folder, needed);
    granted -= needed;
    yield entry;
  }
}

async function grant(folder: string, needed: number): Promise<number> {
  const { bavail, blocks, bsize } = await statfs(folder);
  const reserve = Math.min(maximumReserveBytes, Math.floor(blocks * bsize * reservePart));
  const room = bavail * bsize - reserve;
  if (needed <= room) return Math.min(room, Math.max(needed, strideBytes));
  throw new DvmError(
    "no-space",
    `cannot store the image: no space is left for a layer: ${needed} bytes more, of ${Math.max(0, room)} that may be filled`,
    {
      hint: `${reserve} bytes stay free; remove images (dvm rmi) or containers (dvm rm), or move the data root (--data-root)`,
    },
  );
}
