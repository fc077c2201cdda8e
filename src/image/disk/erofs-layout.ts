import { BlockPacker } from "../erofs/block-packer.ts";
import { blockBytes, folderNames, inodeBytes, splitFolder } from "../erofs/erofs-format.ts";
import { entryXattrs } from "../erofs/erofs-xattrs.ts";
import type { Inode } from "./merge-tree.ts";

/** An inode and where it goes. */
export interface PlacedInode {
  inode: Inode;
  /** Of a folder: the folder above it. */
  parent: PlacedInode | undefined;
  /** Position among all inodes, from 1. */
  number: number;
  /** Offset of the inode in the metadata, in bytes; undefined when its layer has the inode. */
  offset: number | undefined;
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

/**
 * Gives every inode its place: each with xattrs and inline content inside one block, root first. A
 * small file of one name has an inode in its layer already, which serves.
 */
export function layOut(root: Inode): Layout {
  const { rootPlace, places } = visitAll(root);
  const packer = new BlockPacker();
  const inodeBlocks: PlacedInode[][] = [];
  const extras: PlacedInode[] = [];
  let extraBlocks = 0;
  for (const place of places.values()) {
    const { content, changed } = place.inode;
    if (content?.slot !== undefined && place.links === 1 && changed !== true) continue;
    const { block, offset } = packer.add(place.unitBytes);
    place.offset = (1 + block) * blockBytes + offset;
    (inodeBlocks[block] ??= []).push(place);
    if (!place.inline && content === undefined && place.size > 0) {
      place.extraBlock = extraBlocks;
      extraBlocks += Math.ceil(place.size / blockBytes);
      extras.push(place);
    }
  }
  return { root: rootPlace, places, inodeBlocks, extras, extraBlocks };
}

/** Every inode once, folders before what is in them, and how many names each has. */
function visitAll(root: Inode) {
  const places = new Map<Inode, PlacedInode>();
  const visit = (inode: Inode, parent: PlacedInode | undefined): PlacedInode => {
    const known = places.get(inode);
    if (known !== undefined) {
      known.links += 1;
      return known;
    }
    const place = measure(inode, parent, places.size + 1);
    places.set(inode, place);
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
  return { rootPlace, places };
}

function measure(inode: Inode, parent: PlacedInode | undefined, number: number): PlacedInode {
  const xattrs = entryXattrs(inode).length;
  const size = contentBytes(inode);
  const isLoose = inode.content?.page === undefined && size > 0;
  const inline = isLoose && inodeBytes + xattrs + size <= blockBytes;
  return {
    inode,
    parent,
    number,
    offset: undefined,
    unitBytes: inodeBytes + xattrs + (inline ? size : 0),
    xattrBytes: xattrs,
    links: inode.type === "dir" ? 2 : 1,
    inline,
    size,
    extraBlock: 0,
  };
}

function contentBytes(inode: Inode): number {
  if (inode.type === "dir") return splitFolder(folderNames(inode.children ?? new Map())).size;
  return inode.type === "symlink" ? (inode.link ?? "").length : inode.size;
}
