import { DvmError } from "./errors.ts";

/* Headers of POSIX.1-1988 ustar, for archives of plain files that DVM itself names. */

const blockBytes = 512;
const nameBytes = 100;
const prefixBytes = 155;
const largestOctalSize = 0o77777777777;

/** The header of a regular file. Names that don't fit, 255 bytes at the best, are refused. */
export function fileHeader(path: string, size: number): Buffer {
  const { name, prefix } = splitPath(path);
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  writeSize(header, size);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\x0000", 257);
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** Fills the last block of a content of so many bytes. */
export function fileEnd(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}

/** What stands behind the last file. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * blockBytes);
}

/** Octal as POSIX has it; GNU's base-256 from 8 GiB on. */
function writeSize(header: Buffer, size: number): void {
  if (size <= largestOctalSize) {
    header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
    return;
  }
  header[124] = 0x80;
  header.writeBigUInt64BE(BigInt(size), 128);
}

function splitPath(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= nameBytes) return { name: path, prefix: "" };
  for (let cut = path.indexOf("/"); cut >= 0; cut = path.indexOf("/", cut + 1)) {
    const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)];
    if (Buffer.byteLength(name) <= nameBytes && Buffer.byteLength(prefix) <= prefixBytes)
      return { name, prefix };
  }
  throw new DvmError("invalid", `cannot put ${path} into a tar: its name is too long`);
}
