import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { DvmError } from "../../base/errors.ts";
import { fileEnd, fileHeader, tarEnd } from "../../base/tar/tar-writer.ts";

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
  yield tarEnd();
}

async function* fileBlocks(path: string, name: string): AsyncGenerator<Buffer> {
  const found = await stat(path);
  if (!found.isFile()) throw new DvmError("invalid", `cannot send ${path}: it is no regular file`);
  yield fileHeader(name, found.size);
  let sent = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    sent += chunk.length;
    yield chunk;
  }
  if (sent !== found.size)
    throw new DvmError("damaged", `cannot send ${path}: it changed while it was read`);
  yield fileEnd(found.size);
}
