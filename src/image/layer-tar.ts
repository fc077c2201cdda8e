import { open, type FileHandle } from "node:fs/promises";
import { DvmError } from "../base/errors.ts";
import { Digester } from "./digest.ts";
import { blockBytes } from "./erofs-format.ts";
import { entryXattrs } from "./erofs-xattrs.ts";
import { gather } from "../base/gather.ts";
import { besideInode, layerFiles, readLayerIndex, type LayerEntry } from "./layer.ts";
import { readTarHeaders } from "./tar-headers.ts";

const pieceBytes = 256 * 1024;
const windowBytes = 1 << 20;
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
  const data = new WindowedFile(file);
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

async function* contentOf(entry: LayerEntry, data: WindowedFile): AsyncGenerator<Buffer> {
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

/** Reads a file by large windows, of which the last few are kept. */
class WindowedFile {
  readonly #file: FileHandle;
  readonly #windows = new Map<number, Buffer>();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** At least one byte from `position` on, at most `length`. */
  async read(position: number, length: number): Promise<Buffer> {
    const number = Math.floor(position / windowBytes);
    const window = this.#windows.get(number) ?? (await this.#load(number));
    const at = position - number * windowBytes;
    const piece = window.subarray(at, at + length);
    if (piece.length === 0) throw new Error("the data ends too early");
    return piece;
  }

  async #load(number: number): Promise<Buffer> {
    const window = Buffer.allocUnsafe(windowBytes);
    const { bytesRead } = await this.#file.read(window, 0, windowBytes, number * windowBytes);
    const oldest = this.#windows.keys().next();
    if (this.#windows.size >= keptWindows && oldest.done !== true)
      this.#windows.delete(oldest.value);
    const filled = window.subarray(0, bytesRead);
    this.#windows.set(number, filled);
    return filled;
  }
}

function damaged(diffId: string, cause?: unknown): DvmError {
  return new DvmError("damaged", `cannot read layer ${diffId}: what is kept of it has changed`, {
    cause,
    hint: "`dvm image verify` tells which images have it; remove them, and pull or load them again",
  });
}
