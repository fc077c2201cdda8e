import { DvmError } from "../errors.ts";

/** A header block of a tar, its fields read. Names are bytes, one a character (latin1). */
export interface TarHeader {
  format: TarFormat;
  /** What kind of entry it is: `0` a file, `5` a folder, `L` a long name … */
  flag: string;
  path: string;
  linkTarget: string;
  mode: number;
  uid: number;
  gid: number;
  /** Of what follows the header. */
  size: number;
  mtimeSeconds: number;
  device: [major: number, minor: number];
}

export type TarFormat = "v7" | "ustar" | "star" | "gnu";

export const blockBytes = 512;

/** Reads a header block as Go's archive/tar, and so docker and containerd, do. */
export function parseTarHeader(block: Buffer): TarHeader {
  checkSum(block);
  const format = formatOf(block);
  const name = cString(block.subarray(0, 100));
  const prefix = prefixOf(block, format);
  const known = format !== "v7";
  return {
    format,
    flag: block.toString("latin1", 156, 157),
    path: prefix === "" ? name : `${prefix}/${name}`,
    linkTarget: cString(block.subarray(157, 257)),
    mode: readNumber(block.subarray(100, 108)),
    uid: readWhole(block.subarray(108, 116)),
    gid: readWhole(block.subarray(116, 124)),
    size: readNumber(block.subarray(124, 136)),
    mtimeSeconds: readWhole(block.subarray(136, 148)),
    device: known
      ? [readNumber(block.subarray(329, 337)), readNumber(block.subarray(337, 345))]
      : [0, 0],
  };
}

/** Whether `block` is a tar's first: a header with a right checksum, or zeros, as an empty tar has. */
export function looksLikeTar(block: Buffer): boolean {
  if (block.length < blockBytes) return false;
  const header = block.subarray(0, blockBytes);
  if (isZero(header)) return true;
  try {
    checkSum(header);
    return true;
  } catch {
    return false;
  }
}

const zeros = Buffer.alloc(blockBytes);

/** What ends a tar. */
export function isZero(block: Buffer): boolean {
  return block.equals(zeros);
}

function formatOf(block: Buffer): TarFormat {
  const magic = block.toString("latin1", 257, 265);
  if (magic === "ustar  \0") return "gnu";
  if (!magic.startsWith("ustar\0")) return "v7";
  return block.toString("latin1", 508, 512) === "tar\0" ? "star" : "ustar";
}

function prefixOf(block: Buffer, format: TarFormat): string {
  if (format === "ustar") return cString(block.subarray(345, 500));
  return format === "star" ? cString(block.subarray(345, 476)) : "";
}

export function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("latin1", 0, end < 0 ? bytes.length : end);
}

/** Octal text, or two's complement when the first bit is set (base-256). */
export function readNumber(field: Buffer): number {
  const first = field[0] ?? 0;
  return (first & 0x80) === 0 ? readOctal(field) : readBase256(field);
}

function readWhole(field: Buffer): number {
  const value = readNumber(field);
  if (!Number.isSafeInteger(value)) throw damaged(`the number ${value}`);
  return value;
}

/** Digits between spaces and zero bytes; what stands behind a zero byte after them doesn't count. */
function readOctal(field: Buffer): number {
  let at = 0;
  while (at < field.length && isBlank(field[at])) at += 1;
  let value = 0;
  for (; at < field.length; at += 1) {
    const digit = (field[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  const isEnd = at === field.length || field[at] === 0 || field.subarray(at).every(isBlank);
  if (!isEnd) throw damaged(`the number ${JSON.stringify(field.toString("latin1"))}`);
  return value;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0;
}

function readBase256(field: Buffer): number {
  const bits = BigInt(field.length * 8 - 1);
  return Number(BigInt.asIntN(Number(bits), BigInt(`0x${field.toString("hex")}`)));
}

function checkSum(header: Buffer): void {
  let unsigned = 8 * 32;
  let negative = 0;
  for (let index = 0; index < blockBytes; index += 1) {
    if (index >= 148 && index < 156) continue;
    const byte = header[index] ?? 0;
    unsigned += byte;
    if (byte > 127) negative += 256;
  }
  const wanted = readNumber(header.subarray(148, 156));
  // Sun's tar took bytes for signed
  if (wanted !== unsigned && wanted !== unsigned - negative)
    throw damaged("a header's checksum is wrong");
}

export function damaged(fact: string): DvmError {
  return new DvmError("damaged", `cannot read the archive: ${fact}`);
}
