import { DvmError } from "../base/errors.ts";
import type { ByteSource } from "./byte-source.ts";
import { parsePax, type PaxRecords } from "./pax.ts";

export type EntryType = "file" | "hardlink" | "symlink" | "char" | "block" | "dir" | "fifo";

/** Names are bytes, kept one to a character (latin1), for tar knows no encoding. */
export interface TarEntry {
  path: string;
  type: EntryType;
  /** Permission bits with setuid, setgid, sticky. */
  mode: number;
  uid: number;
  gid: number;
  sizeBytes: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  linkTarget: string;
  deviceMajor: number;
  deviceMinor: number;
  xattrs: Map<string, Buffer>;
  /** The tar doesn't hold the content as it is, but without its holes. */
  sparse?: true;
  /** The content; what is left of it is skipped before the next entry. */
  body(): AsyncGenerator<Buffer>;
}

const blockBytes = 512;
const maximumHeaderBytes = 1 << 20;
const maximumPathBytes = 4096;
const maximumFileBytes = 2 ** 40;
const types: Record<string, EntryType> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "char",
  "4": "block",
  "5": "dir",
  "6": "fifo",
};

/**
 * The entries of a tar stream: ustar, GNU long names and base-256 numbers, PAX. Our own, because
 * libraries decode PAX values as UTF-8, and so break binary xattrs such as `security.capability`.
 * Formats: POSIX.1-2017 pax, and tar(5) of libarchive.
 */
export async function* readTar(source: ByteSource): AsyncGenerator<TarEntry> {
  let longName: string | undefined;
  let longLink: string | undefined;
  let globals: PaxRecords = new Map();
  let pax: PaxRecords = new Map();
  for (;;) {
    const header = await source.exactly(blockBytes);
    if (header === undefined || header.every((byte) => byte === 0)) return;
    checkSum(header);
    const flag = String.fromCharCode(header[156] ?? 0);
    const size = readNumber(header, 124, 12);
    if (flag === "L") longName = cString(await headerBody(source, size));
    else if (flag === "K") longLink = cString(await headerBody(source, size));
    else if (flag === "x") pax = parsePax(await headerBody(source, size));
    else if (flag === "g") globals = parsePax(await headerBody(source, size));
    else {
      const entry = makeEntry(header, { longName, longLink, pax: new Map([...globals, ...pax]) });
      [longName, longLink, pax] = [undefined, undefined, new Map()];
      yield* withBody(source, entry);
    }
  }
}

/** Whether `block` is a tar's first: a header with a right checksum, or zeros, as an empty tar has. */
export function looksLikeTar(block: Buffer): boolean {
  if (block.length < blockBytes) return false;
  const header = block.subarray(0, blockBytes);
  if (header.every((byte) => byte === 0)) return true;
  try {
    checkSum(header);
    return true;
  } catch {
    return false;
  }
}

type EntryHead = Omit<TarEntry, "body">;

async function* withBody(source: ByteSource, entry: EntryHead): AsyncGenerator<TarEntry> {
  let left = entry.sizeBytes;
  async function* body(): AsyncGenerator<Buffer> {
    for await (const piece of source.content(left)) {
      left -= piece.length;
      yield piece;
    }
  }
  yield { ...entry, body };
  await source.skip(left);
  // some writers (umoci insert) end right behind the last content
  await source.skipUpTo(padding(entry.sizeBytes));
}

async function headerBody(source: ByteSource, size: number): Promise<Buffer> {
  if (size > maximumHeaderBytes) throw damaged(`an extended header of ${size} bytes`);
  const bytes = size === 0 ? Buffer.alloc(0) : await source.exactly(size);
  if (bytes === undefined) throw damaged("it ends in an extended header");
  await source.skip(padding(size));
  return bytes;
}

function makeEntry(
  header: Buffer,
  extra: { longName: string | undefined; longLink: string | undefined; pax: PaxRecords },
): EntryHead {
  const { pax } = extra;
  const text = (key: string) => pax.get(key)?.toString("latin1");
  const path = text("path") ?? extra.longName ?? headerPath(header);
  if (path.length > maximumPathBytes) throw damaged(`a name of ${path.length} bytes`);
  const flag = String.fromCharCode(header[156] ?? 0);
  const type = flag === "0" && path.endsWith("/") ? "dir" : types[flag];
  if (type === undefined || [...pax.keys()].some((key) => key.startsWith("GNU.sparse."))) {
    throw new DvmError(
      "unsupported",
      `cannot read the archive: ${printable(path)} is of a kind (${type === undefined ? `type ${JSON.stringify(flag)}` : "sparse"}) that image layers don't hold`,
    );
  }
  const mtime = paxTime(text("mtime")) ?? { seconds: readNumber(header, 136, 12), nanoseconds: 0 };
  return {
    path,
    type,
    mode: readNumber(header, 100, 8) & 0o7777,
    uid: paxNumber(text("uid")) ?? readNumber(header, 108, 8),
    gid: paxNumber(text("gid")) ?? readNumber(header, 116, 8),
    sizeBytes: type === "file" ? sizeOf(header, text("size"), path) : 0,
    mtimeSeconds: mtime.seconds,
    mtimeNanoseconds: mtime.nanoseconds,
    linkTarget: text("linkpath") ?? extra.longLink ?? cString(header.subarray(157, 257)),
    deviceMajor: readNumber(header, 329, 8),
    deviceMinor: readNumber(header, 337, 8),
    xattrs: xattrsOf(pax),
  };
}

function sizeOf(header: Buffer, pax: string | undefined, path: string): number {
  const size = paxNumber(pax) ?? readNumber(header, 124, 12);
  if (size < 0 || size > maximumFileBytes) {
    throw damaged(
      `${printable(path)} claims ${size} bytes, more than the ${maximumFileBytes} that a file may have`,
    );
  }
  return size;
}

function xattrsOf(pax: PaxRecords): Map<string, Buffer> {
  const prefix = "SCHILY.xattr.";
  const found = [...pax].filter(([key]) => key.startsWith(prefix));
  return new Map(found.map(([key, value]) => [key.slice(prefix.length), value]));
}

function headerPath(header: Buffer): string {
  const name = cString(header.subarray(0, 100));
  const isUstar = header.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? cString(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("latin1", 0, end < 0 ? bytes.length : end);
}

/** Octal text, or base-256 when the first bit is set. */
function readNumber(header: Buffer, at: number, length: number): number {
  const first = header[at] ?? 0;
  if ((first & 0x80) === 0) {
    const text = cString(header.subarray(at, at + length)).trim();
    if (!/^[0-7]*$/.test(text)) throw damaged(`the number ${JSON.stringify(text)}`);
    return text === "" ? 0 : Number.parseInt(text, 8);
  }
  let value = first === 0xff ? -1n : BigInt(first & 0x7f);
  for (let index = 1; index < length; index += 1)
    value = value * 256n + BigInt(header[at + index] ?? 0);
  return Number(value);
}

function paxNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw damaged(`the number ${JSON.stringify(text)}`);
  return Number(text);
}

function paxTime(text: string | undefined): { seconds: number; nanoseconds: number } | undefined {
  const match = /^(-?\d+)(?:\.(\d{1,9})\d*)?$/.exec(text ?? "");
  if (match === null) return undefined;
  return { seconds: Number(match[1]), nanoseconds: Number((match[2] ?? "").padEnd(9, "0")) };
}

function checkSum(header: Buffer): void {
  let sum = 8 * 32;
  for (let index = 0; index < blockBytes; index += 1) {
    if (index < 148 || index >= 156) sum += header[index] ?? 0;
  }
  if (readNumber(header, 148, 8) !== sum) throw damaged("a header's checksum is wrong");
}

function padding(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

function damaged(fact: string): DvmError {
  return new DvmError("damaged", `cannot read the archive: ${fact}`);
}

/** A name from an archive, safe to show. */
export function printable(path: string): string {
  return JSON.stringify(Buffer.from(path, "latin1").toString("utf8"));
}
