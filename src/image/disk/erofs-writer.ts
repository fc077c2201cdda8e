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
} from "../erofs/erofs-format.ts";
import { layOut, type Layout, type PlacedInode } from "./erofs-layout.ts";
import { entryXattrs, xattrCount } from "../erofs/erofs-xattrs.ts";
import { besideInode, layerFiles } from "../layer/layer.ts";
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
 * Writes the metadata of an EROFS file system to `path`: superblock, inodes, folders. The device is this file followed by the layers' `data` in order. Gives the
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
  await using datas = await openAll(input.layers.map(({ folder }) => layerFiles(folder).data));
  await using file = await open(path, "w", 0o600);
  const output = new BlockOutput(file);
  const writer = { layout, starts, datas: datas.files };
  const rootNid = nodeNumber(layout.root, writer);
  await output.add(superblock({ rootNid, inodes: layout.places.size, blocks, uuid: input.uuid }));
  for (const units of layout.inodeBlocks) await output.add(inodeBlock(units, writer));
  for (const extra of layout.extras) await output.add(extraContent(extra, writer));
  await output.end();
  await file.sync();
  return metadataBlocks * blockBytes;
}

interface Writer {
  layout: Layout;
  /** First block of each layer's data on the device. */
  starts: readonly number[];
  datas: readonly FileHandle[];
}

function inodeBlock(units: readonly PlacedInode[], writer: Writer): Buffer {
  const block = Buffer.alloc(blockBytes);
  for (const place of units) {
    const to = block.subarray((place.offset ?? 0) % blockBytes);
    writeInode(to, place.inode, {
      ...place,
      xattrCount: xattrCount(place.xattrBytes),
      block: place.inline || place.size === 0 ? 0 : contentBlock(place, writer),
    });
    if (place.xattrBytes > 0) entryXattrs(place.inode).copy(to, inodeBytes);
    if (place.inline) inlineContent(to.subarray(inodeBytes + place.xattrBytes), place, writer);
  }
  return block;
}

function contentBlock({ inode, extraBlock }: PlacedInode, { starts, layout }: Writer): number {
  const { content } = inode;
  if (content?.page !== undefined) return (starts[content.layer] ?? 0) + content.page;
  return 1 + layout.inodeBlocks.length + extraBlock;
}

function inlineContent(to: Buffer, place: PlacedInode, writer: Writer): void {
  const { inode } = place;
  if (inode.type === "dir") writeFolderBlock(to, folderEntries(place, writer));
  else if (inode.type === "symlink") to.write(inode.link ?? "", "latin1");
  else {
    const data = writer.datas[inode.content?.layer ?? -1];
    const position = besideInode(inode.content?.slot ?? 0, place.xattrBytes);
    // a few small reads from the page cache, for files of several names: awaiting each costs more
    if (data !== undefined) readSync(data.fd, to, { length: place.size, position });
  }
}

/** Content of a folder or link that is too large to be inline, in whole blocks. */
function extraContent(place: PlacedInode, writer: Writer): Buffer {
  const content = Buffer.alloc(Math.ceil(place.size / blockBytes) * blockBytes);
  if (place.inode.type === "symlink") {
    content.write(place.inode.link ?? "", "latin1");
    return content;
  }
  const entries = folderEntries(place, writer);
  const { counts } = splitFolder(entries.map(({ name }) => name));
  let first = 0;
  for (const [index, count] of counts.entries()) {
    writeFolderBlock(content.subarray(index * blockBytes), entries.slice(first, first + count));
    first += count;
  }
  return content;
}

function folderEntries(place: PlacedInode, writer: Writer) {
  const children = place.inode.children ?? new Map<string, Inode>();
  return folderNames(children).map((name) => {
    const child = name === "." ? place.inode : name === ".." ? undefined : children.get(name);
    const target = (child && writer.layout.places.get(child)) ?? place.parent ?? place;
    return { name, nid: nodeNumber(target, writer), type: target.inode.type };
  });
}

/** EROFS's `nid`: where on the device an inode lies, in units of 32 bytes. */
function nodeNumber({ offset, inode }: PlacedInode, { starts }: Writer): number {
  if (offset !== undefined) return offset / inodeSlotBytes;
  const { layer = 0, slot = 0 } = inode.content ?? {};
  return ((starts[layer] ?? 0) * blockBytes) / inodeSlotBytes + slot;
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
