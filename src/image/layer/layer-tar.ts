import { open, type FileHandle } from "node:fs/promises";
import { DvmError } from "../../base/errors.ts";
import { Digester } from "../digest.ts";
import { blockBytes } from "../erofs/erofs-format.ts";
import { entryXattrs } from "../erofs/erofs-xattrs.ts";
import { gather } from "../../base/gather.ts";
import { besideInode, layerFiles, readLayerIndex, type LayerEntry } from "./layer.ts";
import { readTarHeaders } from "./tar-headers.ts";

const pieceBytes = 256 * 1024;
const windowBytes = 512 * 1024;
const keptWindows = 4;

/**
 * The tar that the layer in `folder` was made of, byte for byte. Whoever reads it to its end has
 * seen what `diffId` says, or an error that the layer is damaged.
 */
export async function* layerTar(folder: string, diffId: string): AsyncGenerator<Uint8Array> {
  const digester = new Digester();
  try {
    yield* digester.through(gather(rejoined(folder), pieceBytes));
  } catch (cause) {
    if (cause instanceof DvmError) throw cause;
    throw damaged(diffId, cause);
  }
  if (digester.digest() !== diffId) throw damaged(diffId);
}

async function* rejoined(folder: string): AsyncGenerator<Buffer> {
  await using file = await open(layerFiles(folder).data, "r");
  const data = new ContentReader(file);
  const contents = readLayerIndex(folder, mayHaveContent);
  try {
    for await (const { bytes, contentFollows } of readTarHeaders(layerFiles(folder).headers)) {
      if (bytes.length > 0) yield bytes;
      if (contentFollows) yield* contentOf(await nextContent(contents), data);
    }
  } finally {
    await contents.return(undefined);
  }
}

function mayHaveContent(line: string): boolean {
  return line.includes('"page":') || line.includes('"slot":');
}

async function nextContent(entries: AsyncIterator<LayerEntry>): Promise<LayerEntry> {
  for (;;) {
    const { value, done } = await entries.next();
    if (done === true) throw new Error("the index has fewer contents than the tar");
    const entry: LayerEntry = value;
    const hasContent = entry.page !== undefined || entry.slot !== undefined;
    if (hasContent && entry.sparse !== true) return entry;
  }
}

async function* contentOf(entry: LayerEntry, data: ContentReader): AsyncGenerator<Buffer> {
  const start =
    entry.slot === undefined
      ? (entry.page ?? 0) * blockBytes
      : besideInode(entry.slot, entryXattrs(entry).length);
  for (let at = 0; at < entry.size;) {
    const piece = await data.read(start + at, entry.size - at);
    at += piece.length;
    yield piece;
  }
}

/**
 * Reads contents: small ones by windows, of which the last few are kept, for they lie side by side.
 * What comes of a window is good till the next read.
 */
class ContentReader {
  readonly #file: FileHandle;
  #windows: { start: number; bytes: Buffer }[] = [];

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** At least one byte from `position` on, at most `length`. */
  async read(position: number, length: number): Promise<Buffer> {
    const piece =
      length >= pieceBytes
        ? await this.#fill(Buffer.allocUnsafe(pieceBytes), position)
        : await this.#fromWindow(position, length);
    if (piece.length === 0) throw new Error("the data ends too early");
    return piece;
  }

  async #fromWindow(position: number, length: number): Promise<Buffer> {
    const start = position - (position % windowBytes);
    const known = this.#windows.find((window) => window.start === start);
    const { bytes } = known ?? (await this.#load(start));
    return bytes.subarray(position - start, position - start + length);
  }

  async #load(start: number): Promise<{ start: number; bytes: Buffer }> {
    const oldest = this.#windows.length < keptWindows ? undefined : this.#windows.shift();
    const buffer = oldest?.bytes.buffer ?? new ArrayBuffer(windowBytes);
    const window = { start, bytes: await this.#fill(Buffer.from(buffer), start) };
    this.#windows.push(window);
    return window;
  }

  async #fill(buffer: Buffer, position: number): Promise<Buffer> {
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, position);
    return buffer.subarray(0, bytesRead);
  }
}

function damaged(diffId: string, cause?: unknown): DvmError {
  return new DvmError("damaged", `cannot read layer ${diffId}: what is kept of it has changed`, {
    cause,
    hint: "`dvm image verify` tells which images have it; remove them, and pull or load them again",
  });
}
