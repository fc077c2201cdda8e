import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { DvmError } from "../../base/errors.ts";

const blockBytes = 512;
const nameBytes = 100;
const prefixBytes = 155;
const largestOctalSize = 0o77777777777;

/** The regular files of a folder as a tar (POSIX.1-1988 ustar), read while it is sent. */
export function tarFolder(folder: string): Readable {
  return Readable.from(tarBlocks(folder), { objectMode: false });
}

async function* tarBlocks(folder: string): AsyncGenerator<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) yield* fileBlocks(path, path.slice(folder.length + 1));
  yield Buffer.alloc(2 * blockBytes);
}

async function* fileBlocks(path: string, name: string): AsyncGenerator<Buffer> {
  const found = await stat(path);
  if (!found.isFile()) throw new DvmError("invalid", `cannot send ${path}: it is no regular file`);
  yield tarHeader(name, found.size);
  let sent = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    sent += chunk.length;
    yield chunk;
  }
  if (sent !== found.size)
    throw new DvmError("damaged", `cannot send ${path}: it changed while it was read`);
  const rest = found.size % blockBytes;
  if (rest > 0) yield Buffer.alloc(blockBytes - rest);
}

function tarHeader(path: string, size: number): Buffer {
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
  throw new DvmError("invalid", `cannot send ${path}: its name is too long for a tar`);
}
