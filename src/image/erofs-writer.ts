import { readSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import {
  blockBytes,
  folderNames,
  inodeBytes,
  inodeSlotBytes,
  splitFolder,
  superblock,
  writeFolderBlock,
  writeInode,
} from "./erofs-format.ts";
import { inodeXattrs, layOut, type Layout, type PlacedInode } from "./erofs-layout.ts";
import { xattrCount } from "./erofs-xattrs.ts";
import { layerFiles } from "./layer.ts";
import type { Inode } from "./merge-tree.ts";

const writeBytes = 1 << 20;

interface ErofsInput {
  root: Inode;
  /** Folders of the layers, and how many pages the `data` of each has. */
  layers: readonly { folder: string; pages: number }[];
  /** 16 bytes. */
  uuid: Buffer;
}

/**
 * Writes the metadata of an EROFS file system to `path`: superblock, inodes with small contents
 * beside them, folders. The device is this file followed by the layers' `data` in order. Gives the
 * metadata's size in bytes, a multiple of 4096.
 */
export async function writeErofs(path: string, input: ErofsInput): Promise<number> {
  const layout = layOut(input.root);
  const metadataBlocks = 1 + layout.inodeBlocks.length + layout.extraBlocks;
  const starts: number[] = [];
  let blocks = metadataBlocks;
  for (const { pages } of input.layers) {
    starts.push(blocks);
    blocks += pages;
  }
  await using smalls = await openAll(input.layers.map(({ folder }) => layerFiles(folder).small));
  await using file = await open(path, "w", 0o600);
  const output = new BlockOutput(file);
  const rootNid = layout.root.offset / inodeSlotBytes;
  await output.add(superblock({ rootNid, inodes: layout.places.size, blocks, uuid: input.uuid }));
  const writer = { layout, starts, smalls: smalls.files };
  for (const units of layout.inodeBlocks) await output.add(inodeBlock(units, writer));
  for (const extra of layout.extras) await output.add(extraContent(extra, layout));
  await output.end();
  await file.sync();
  return metadataBlocks * blockBytes;
}

interface Writer {
  layout: Layout;
  /** First block of each layer's data on the device. */
  starts: readonly number[];
  smalls: readonly FileHandle[];
}

function inodeBlock(units: readonly PlacedInode[], writer: Writer): Buffer {
  const block = Buffer.alloc(blockBytes);
  for (const place of units) {
    const to = block.subarray(place.offset % blockBytes);
    writeInode(to, place.inode, {
      ...place,
      xattrCount: xattrCount(place.xattrBytes),
      block: place.inline || place.size === 0 ? 0 : contentBlock(place, writer),
    });
    if (place.xattrBytes > 0) inodeXattrs(place.inode).copy(to, inodeBytes);
    if (place.inline) inlineContent(to.subarray(inodeBytes + place.xattrBytes), place, writer);
  }
  return block;
}

function contentBlock({ inode, extraBlock }: PlacedInode, { starts, layout }: Writer): number {
  const { content } = inode;
  if (content?.page !== undefined) return (starts[content.layer] ?? 0) + content.page;
  return 1 + layout.inodeBlocks.length + extraBlock;
}

function inlineContent(to: Buffer, place: PlacedInode, { layout, smalls }: Writer): void {
  const { inode } = place;
  if (inode.type === "dir") writeFolderBlock(to, folderEntries(place, layout));
  else if (inode.type === "symlink") to.write(inode.link ?? "", "latin1");
  else {
    const small = smalls[inode.content?.layer ?? -1];
    const position = inode.content?.small ?? 0;
    // some thousand reads of a few bytes each from the page cache: awaiting each costs more
    if (small !== undefined) readSync(small.fd, to, { length: place.size, position });
  }
}

/** Content of a folder or link that is too large to be inline, in whole blocks. */
function extraContent(place: PlacedInode, layout: Layout): Buffer {
  const content = Buffer.alloc(Math.ceil(place.size / blockBytes) * blockBytes);
  if (place.inode.type === "symlink") {
    content.write(place.inode.link ?? "", "latin1");
    return content;
  }
  const entries = folderEntries(place, layout);
  const { counts } = splitFolder(entries.map(({ name }) => name));
  let first = 0;
  for (const [index, count] of counts.entries()) {
    writeFolderBlock(content.subarray(index * blockBytes), entries.slice(first, first + count));
    first += count;
  }
  return content;
}

function folderEntries(place: PlacedInode, layout: Layout) {
  const children = place.inode.children ?? new Map<string, Inode>();
  return folderNames(children).map((name) => {
    const child = name === "." ? place.inode : name === ".." ? undefined : children.get(name);
    const target = (child && layout.places.get(child)) ?? place.parent ?? place;
    return { name, nid: target.offset / inodeSlotBytes, type: target.inode.type };
  });
}

/** Joins blocks to large writes. */
class BlockOutput {
  readonly #file: FileHandle;
  #waiting: Buffer[] = [];
  #bytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async add(blocks: Buffer): Promise<void> {
    this.#waiting.push(blocks);
    this.#bytes += blocks.length;
    if (this.#bytes >= writeBytes) await this.end();
  }

  async end(): Promise<void> {
    await this.#file.writev(this.#waiting);
    this.#waiting = [];
    this.#bytes = 0;
  }
}

async function openAll(paths: readonly string[]) {
  const files: FileHandle[] = [];
  const close = async () => {
    await Promise.all(files.map((file) => file.close()));
  };
  try {
    for (const path of paths) files.push(await open(path, "r"));
  } catch (error) {
    await close();
    throw error;
  }
  return { files, [Symbol.asyncDispose]: close };
}
