import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { DvmError } from "../base/errors.ts";
import { xattrBytes } from "./erofs-xattrs.ts";
import { printable, type EntryType, type TarEntry } from "./tar-reader.ts";

export const pageBytes = 4096;
const inodeBytes = 64;
const writeBytes = 1 << 20;
const maximumEntries = 1_000_000;

/** One entry of a layer as its index keeps it; names are latin1 (bytes). */
export interface LayerEntry {
  path: string;
  type: EntryType;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: [seconds: number, nanoseconds: number];
  link?: string;
  device?: [major: number, minor: number];
  /** Values in base64. */
  xattrs?: Record<string, string>;
  /** First page of the content in the layer's `data`. */
  page?: number;
  /** Offset of the content in the layer's `small`: it goes beside its inode. */
  small?: number;
}

/** Files of one layer in its folder. */
export function layerFiles(folder: string) {
  return { data: join(folder, "data"), small: join(folder, "small"), index: join(folder, "index") };
}

/**
 * Writes a layer's entries into `folder`: contents page by page into `data`, those small enough to
 * lie beside their inode into `small`, everything else into `index`, a line of JSON an entry.
 * Memory is bounded by the write buffer. Gives the bytes of all contents.
 */
export async function writeLayer(
  folder: string,
  entries: AsyncIterable<TarEntry>,
): Promise<number> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = layerFiles(folder);
  await using data = await open(files.data, "w", 0o600);
  await using small = await open(files.small, "w", 0o600);
  const pages = new AlignedWriter(data);
  const tails = new AlignedWriter(small);
  const index = createWriteStream(files.index, { mode: 0o600, flush: true });
  let contentBytes = 0;
  let count = 0;
  try {
    for await (const entry of entries) {
      count += 1;
      if (count > maximumEntries) {
        throw new DvmError(
          "invalid",
          `cannot store the layer: it has more than ${maximumEntries} entries`,
        );
      }
      contentBytes += entry.sizeBytes;
      const line = await storeEntry(entry, pages, tails);
      if (!index.write(`${JSON.stringify(line)}\n`)) await drained(index);
    }
    await pages.end(pageBytes);
    await tails.end(1);
  } finally {
    index.end();
    await finished(index);
  }
  await Promise.all([data.sync(), small.sync()]);
  return contentBytes;
}

/** Reads an index back; of lines that `wanted` refuses nothing is parsed. */
export async function* readLayerIndex(
  folder: string,
  wanted: (line: string) => boolean = () => true,
): AsyncGenerator<LayerEntry> {
  const index = createReadStream(layerFiles(folder).index, { encoding: "utf8" });
  for await (const line of createInterface({ input: index })) {
    if (wanted(line)) yield JSON.parse(line) as LayerEntry;
  }
}

async function storeEntry(
  entry: TarEntry,
  pages: AlignedWriter,
  tails: AlignedWriter,
): Promise<LayerEntry> {
  const xattrs = Object.fromEntries(
    [...entry.xattrs].map(([name, value]) => [name, value.toString("base64")]),
  );
  const base: LayerEntry = {
    path: entry.path,
    type: entry.type,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    size: entry.sizeBytes,
    mtime: [entry.mtimeSeconds, entry.mtimeNanoseconds],
    ...(entry.linkTarget === "" ? {} : { link: entry.linkTarget }),
    ...(entry.type === "char" || entry.type === "block"
      ? { device: [entry.deviceMajor, entry.deviceMinor] as [number, number] }
      : {}),
    ...(entry.xattrs.size === 0 ? {} : { xattrs }),
  };
  const xattrSize = xattrBytes(entry.xattrs, printable(entry.path)).length;
  if (entry.type !== "file" || entry.sizeBytes === 0) return base;
  if (inodeBytes + xattrSize + entry.sizeBytes <= pageBytes) {
    return { ...base, small: await tails.append(entry.body(), 1) };
  }
  return { ...base, page: (await pages.append(entry.body(), pageBytes)) / pageBytes };
}

async function drained(stream: NodeJS.EventEmitter): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.once("drain", resolve);
    stream.once("error", reject);
  });
}

/** Appends contents to a file, each at a multiple of some alignment, by large writes. */
class AlignedWriter {
  readonly #file: FileHandle;
  readonly #buffer = Buffer.allocUnsafe(writeBytes);
  #filled = 0;
  #written = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Gives the offset of the first byte. */
  async append(pieces: AsyncIterable<Buffer>, alignment: number): Promise<number> {
    await this.#pad(alignment);
    const start = this.#written + this.#filled;
    for await (const piece of pieces) await this.#put(piece);
    return start;
  }

  async end(alignment: number): Promise<void> {
    await this.#pad(alignment);
    await this.#flush();
  }

  async #pad(alignment: number): Promise<void> {
    const over = (this.#written + this.#filled) % alignment;
    if (over !== 0) await this.#put(Buffer.alloc(alignment - over));
  }

  async #put(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const copied = bytes.copy(this.#buffer, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled === writeBytes) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    for (let at = 0; at < this.#filled;) {
      const { bytesWritten } = await this.#file.write(
        this.#buffer,
        at,
        this.#filled - at,
        this.#written + at,
      );
      at += bytesWritten;
    }
    this.#written += this.#filled;
    this.#filled = 0;
  }
}
