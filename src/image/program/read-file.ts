import { open } from "node:fs/promises";
import { blockBytes } from "../erofs/erofs-format.ts";
import { entryXattrs } from "../erofs/erofs-xattrs.ts";
import type { Inode } from "../disk/merge-tree.ts";
import { besideInode, layerFiles } from "../layer/layer.ts";
import type { ReadAt } from "./elf.ts";

/**
 * Gives `action` the content of a file of an image, as the layers' folders hold it. It reads nothing
 * beyond the file's size.
 */
export async function withContent<T>(
  inode: Inode,
  layers: readonly string[],
  action: (read: ReadAt) => Promise<T>,
): Promise<T> {
  const { content, size } = inode;
  const folder = content && layers[content.layer];
  if (content === undefined || folder === undefined) return action(async () => Buffer.alloc(0));
  const start = startOf(inode);
  await using file = await open(layerFiles(folder).data, "r");
  return await action(async (offset, length) => {
    const count = Math.max(0, Math.min(length, size - offset));
    if (count === 0) return Buffer.alloc(0);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, start + offset);
    return buffer.subarray(0, bytesRead);
  });
}

function startOf(inode: Inode): number {
  const { content } = inode;
  if (content?.slot === undefined) return (content?.page ?? 0) * blockBytes;
  return besideInode(content.slot, entryXattrs(inode).length);
}
