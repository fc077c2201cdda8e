import { crc32c } from "./crc32c.ts";

/*
 * The on-disk form of EROFS (fs/erofs/erofs_fs.h, Documentation/filesystems/erofs.rst) as far as we
 * write it: 4 KiB blocks, extended inodes, flat data, nothing compressed. An inode's number `nid` is
 * its offset in units of 32 bytes.
 */

export const blockBytes = 4096;
export const inodeBytes = 64;
export const inodeSlotBytes = 32;
const superblockOffset = 1024;
const magic = 0xe0f5e1e2;
const blockSizeBits = 12;
const featureChecksum = 1;
const direntBytes = 12;

export type FileType = "file" | "dir" | "symlink" | "char" | "block" | "fifo";

const typeBits: Record<FileType, number> = {
  file: 0o100000,
  dir: 0o040000,
  symlink: 0o120000,
  char: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
};
const fileTypes: Record<FileType, number> = {
  file: 1,
  dir: 2,
  char: 3,
  block: 4,
  fifo: 5,
  symlink: 7,
};

interface Superblock {
  rootNid: number;
  inodes: number;
  /** Of the whole device. */
  blocks: number;
  uuid: Buffer;
}

/** Block 0: the superblock behind 1 KiB of zeros. */
export function superblock({ rootNid, inodes, blocks, uuid }: Superblock): Buffer {
  const block = Buffer.alloc(blockBytes);
  const fields = block.subarray(superblockOffset);
  fields.writeUInt32LE(magic, 0);
  fields.writeUInt32LE(featureChecksum, 8);
  fields.writeUInt8(blockSizeBits, 12);
  fields.writeUInt16LE(rootNid, 14);
  fields.writeBigUInt64LE(BigInt(inodes), 16);
  fields.writeUInt32LE(blocks, 36);
  uuid.copy(fields, 48, 0, 16);
  fields.writeUInt32LE(crc32c(fields), 4);
  return block;
}

interface InodeFields {
  type: FileType;
  /** Permission bits with setuid, setgid, sticky. */
  mode: number;
  uid: number;
  gid: number;
  mtime: [seconds: number, nanoseconds: number];
  device?: [major: number, minor: number];
}

interface InodePlace {
  /** The content stands right behind inode and xattrs. */
  inline: boolean;
  /** First block of the content when it isn't inline. */
  block: number;
  number: number;
  links: number;
  /** `i_xattr_icount`. */
  xattrCount: number;
  size: number;
}

/** Writes the 64 bytes of an extended inode at the beginning of `to`. */
export function writeInode(to: Buffer, inode: InodeFields, place: InodePlace): void {
  const layout = place.inline ? 2 : 0;
  to.writeUInt16LE(1 | (layout << 1), 0);
  to.writeUInt16LE(place.xattrCount, 2);
  to.writeUInt16LE(typeBits[inode.type] | inode.mode, 4);
  to.writeBigUInt64LE(BigInt(place.size), 8);
  to.writeUInt32LE(inode.device === undefined ? place.block : encodeDevice(inode.device), 16);
  to.writeUInt32LE(place.number >>> 0, 20);
  to.writeUInt32LE(inode.uid >>> 0, 24);
  to.writeUInt32LE(inode.gid >>> 0, 28);
  to.writeBigUInt64LE(BigInt.asUintN(64, BigInt(inode.mtime[0])), 32);
  to.writeUInt32LE(inode.mtime[1], 40);
  to.writeUInt32LE(place.links >>> 0, 44);
}

/** The kernel's `new_encode_dev`. */
function encodeDevice([major, minor]: [number, number]): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

/** A folder's names, block by block: how many go into each, and the folder's size. */
export function splitFolder(names: readonly string[]): { counts: number[]; size: number } {
  const counts: number[] = [];
  let used = blockBytes;
  for (const name of names) {
    const need = direntBytes + name.length;
    if (used + need > blockBytes) {
      counts.push(0);
      used = 0;
    }
    used += need;
    counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1;
  }
  return { counts, size: (counts.length - 1) * blockBytes + used };
}

export interface NamedInode {
  name: string;
  nid: number;
  type: FileType;
}

/** Writes one block (or inline tail) of a folder: entries, then their names. */
export function writeFolderBlock(to: Buffer, entries: readonly NamedInode[]): void {
  let nameOffset = entries.length * direntBytes;
  for (const [index, { name, nid, type }] of entries.entries()) {
    const at = index * direntBytes;
    to.writeBigUInt64LE(BigInt(nid), at);
    to.writeUInt16LE(nameOffset, at + 8);
    to.writeUInt8(fileTypes[type], at + 10);
    to.write(name, nameOffset, "latin1");
    nameOffset += name.length;
  }
}

/** A folder's names in the order that EROFS wants: by bytes, `.` and `..` among them. */
export function folderNames(children: ReadonlyMap<string, unknown>): string[] {
  return [".", "..", ...children.keys()].sort(compareBytes);
}

/** Of latin1 strings, whose characters are bytes. */
function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
