import { DvmError } from "../../base/errors.ts";

/** Prefixes that EROFS keeps as a number (fs/erofs/erofs_fs.h). */
const prefixes: readonly (readonly [string, number])[] = [
  ["system.posix_acl_access", 2],
  ["system.posix_acl_default", 3],
  ["user.", 1],
  ["trusted.", 4],
  ["security.", 6],
];
const headerBytes = 12;
const entryHeaderBytes = 4;
const maximumBytes = 4096 - 64;

/**
 * The xattrs of an inode as they stand behind it: a header, then {name length u8, prefix u8, value
 * length u16, name, value} each padded to 4 bytes. Empty when there is none. What overlayfs would
 * take for its own (`trusted.overlay.`) is left out: an image must not steer it.
 */
export function xattrBytes(xattrs: ReadonlyMap<string, Buffer>, owner: string): Buffer {
  const entries = [...xattrs]
    .filter(([name]) => !name.startsWith("trusted.overlay."))
    .map(([name, value]) => xattrEntry(name, value, owner));
  if (entries.length === 0) return Buffer.alloc(0);
  const bytes = Buffer.concat([Buffer.alloc(headerBytes), ...entries]);
  if (bytes.length > maximumBytes) {
    throw new DvmError(
      "unsupported",
      `cannot store ${owner}: its extended attributes need ${bytes.length} bytes, ${maximumBytes} is the most`,
    );
  }
  return bytes;
}

/** The same of an entry or inode whose values are in base64. */
export function entryXattrs({ xattrs }: { xattrs?: Record<string, string> }): Buffer {
  if (xattrs === undefined) return Buffer.alloc(0);
  const values = Object.entries(xattrs).map(
    ([name, value]) => [name, Buffer.from(value, "base64")] as const,
  );
  return xattrBytes(new Map(values), "a file");
}

/** `i_xattr_icount` of an inode with so many bytes of xattrs. */
export function xattrCount(bytes: number): number {
  return bytes === 0 ? 0 : (bytes - headerBytes) / 4 + 1;
}

function xattrEntry(name: string, value: Buffer, owner: string): Buffer {
  const known = prefixes.find(([prefix]) => name.startsWith(prefix));
  const rest = known === undefined ? "" : name.slice(known[0].length);
  if (known === undefined || rest.length > 255 || value.length > 65_535) {
    throw new DvmError(
      "unsupported",
      `cannot store ${owner}: extended attribute ${JSON.stringify(name)} is of no kind that Linux knows`,
    );
  }
  const size = entryHeaderBytes + rest.length + value.length;
  const entry = Buffer.alloc(Math.ceil(size / 4) * 4);
  entry.writeUInt8(rest.length, 0);
  entry.writeUInt8(known[1], 1);
  entry.writeUInt16LE(value.length, 2);
  entry.write(rest, entryHeaderBytes, "latin1");
  value.copy(entry, entryHeaderBytes + rest.length);
  return entry;
}
