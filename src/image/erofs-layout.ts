import {
  blockBytes,
  folderNames,
  inodeBytes,
  inodeSlotBytes,
  splitFolder,
} from "./erofs-format.ts";
import { xattrBytes } from "./erofs-xattrs.ts";
import type { Inode } from "./merge-tree.ts";

/** An inode and where it goes. */
export interface PlacedInode {
  inode: Inode;
  /** Of a folder: the folder above it. */
  parent: PlacedInode | undefined;
  /** Position among all inodes, from 1. */
  number: number;
  /** Offset of the inode in the metadata, in bytes. */
  offset: number;
  /** Bytes of inode, xattrs and inline content. */
  unitBytes: number;
  xattrBytes: number;
  links: number;
  inline: boolean;
  size: number;
  /** First block of a folder's or link's content that isn't inline, from the first such block. */
  extraBlock: number;
}

export interface Layout {
  root: PlacedInode;
  places: Map<Inode, PlacedInode>;
  /** What lies in each block of inodes, in order; the first is block 1 of the device. */
  inodeBlocks: PlacedInode[][];
  /** Folders and links whose content follows the inodes, in order. */
  extras: PlacedInode[];
  extraBlocks: number;
}

/** Gives every inode its place: each with xattrs and inline content inside one block, root first. */
export function layOut(root: Inode): Layout {
  const packer = new Packer();
  const places = new Map<Inode, PlacedInode>();
  const extras: PlacedInode[] = [];
  let extraBlocks = 0;
  const visit = (inode: Inode, parent: PlacedInode | undefined): PlacedInode => {
    const known = places.get(inode);
    if (known !== undefined) {
      known.links += 1;
      return known;
    }
    const place = measure(inode, parent, places.size + 1);
    places.set(inode, place);
    packer.add(place);
    if (!place.inline && inode.content === undefined && place.size > 0) {
      place.extraBlock = extraBlocks;
      extraBlocks += Math.ceil(place.size / blockBytes);
      extras.push(place);
    }
    return place;
  };
  const rootPlace = visit(root, undefined);
  const folders = [rootPlace];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const child of folder.inode.children?.values() ?? []) {
      const place = visit(child, folder);
      if (child.type !== "dir") continue;
      folder.links += 1;
      folders.push(place);
    }
  }
  return { root: rootPlace, places, inodeBlocks: packer.blocks, extras, extraBlocks };
}

function measure(inode: Inode, parent: PlacedInode | undefined, number: number): PlacedInode {
  const xattrs = inodeXattrs(inode).length;
  const size = contentBytes(inode);
  const isLoose = inode.content?.page === undefined && size > 0;
  const inline = isLoose && inodeBytes + xattrs + size <= blockBytes;
  return {
    inode,
    parent,
    number,
    offset: 0,
    unitBytes: inodeBytes + xattrs + (inline ? size : 0),
    xattrBytes: xattrs,
    links: inode.type === "dir" ? 2 : 1,
    inline,
    size,
    extraBlock: 0,
  };
}

export function inodeXattrs({ xattrs }: Inode): Buffer {
  if (xattrs === undefined) return Buffer.alloc(0);
  const values = Object.entries(xattrs).map(
    ([name, value]) => [name, Buffer.from(value, "base64")] as const,
  );
  return xattrBytes(new Map(values), "a file");
}

function contentBytes(inode: Inode): number {
  if (inode.type === "dir") return splitFolder(folderNames(inode.children ?? new Map())).size;
  return inode.type === "symlink" ? (inode.link ?? "").length : inode.size;
}

const openBlocks = 8;

/** Packs units into blocks, first fit among the last few that have room. */
class Packer {
  readonly blocks: PlacedInode[][] = [];
  #open: { index: number; used: number }[] = [];

  add(place: PlacedInode): void {
    const need = Math.ceil(place.unitBytes / inodeSlotBytes) * inodeSlotBytes;
    let open = this.#open.find(({ used }) => used + need <= blockBytes);
    if (open === undefined) {
      open = { index: this.blocks.length, used: 0 };
      this.blocks.push([]);
      this.#open = [...this.#open, open].slice(-openBlocks);
    }
    place.offset = (1 + open.index) * blockBytes + open.used;
    open.used += need;
    this.blocks[open.index]?.push(place);
  }
}
