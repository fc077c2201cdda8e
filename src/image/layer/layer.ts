import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { DvmError } from "../../base/errors.ts";
import { blockBytes, inodeBytes, inodeSlotBytes, writeInode } from "../erofs/erofs-format.ts";
import { xattrBytes, xattrCount } from "../erofs/erofs-xattrs.ts";
import { joined } from "../../base/gather.ts";
import { LayerData } from "./layer-data.ts";
import type { TarHeaderLog } from "./tar-headers.ts";
import { printable, type EntryType, type TarEntry } from "../../base/tar/tar-reader.ts";

const maximumEntries = 1_000_000;
/** How much of an index is written at once. */
const indexBytes = 64 * 1024;

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
  /** First block of the content in the layer's `data`. */
  page?: number;
  /** Where in `data`, in units of 32 bytes, an inode with the content beside it lies. */
  slot?: number;
  /** The tar holds the content without its holes. */
  sparse?: true;
}

/** Files of one layer in its folder. */
export function layerFiles(folder: string) {
  return {
    data: join(folder, "data"),
    index: join(folder, "index"),
    headers: join(folder, "headers.zst"),
  };
}

/**
 * Writes a layer's entries into `folder`: contents into `data`, small ones beside an inode of their
 * own, everything else into `index`, a line of JSON an entry. `headers` is told where contents were.
 * Memory is bounded by the write buffers. Gives the bytes of all contents.
 */
export async function writeLayer(
  folder: string,
  entries: AsyncIterable<TarEntry>,
  headers: TarHeaderLog,
): Promise<number> {
  const files = layerFiles(folder);
  await using file = await open(files.data, "w", 0o600);
  const data = new LayerData(file);
  const index = createWriteStream(files.index, { mode: 0o600, flush: true });
  let contentBytes = 0;
  let count = 0;
  let lines = "";
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
      lines += `${JSON.stringify(await storeEntry(entry, data, headers))}\n`;
      if (lines.length < indexBytes) continue;
      if (!index.write(lines)) await once(index, "drain");
      lines = "";
    }
    await data.end();
  } finally {
    index.end(lines);
    await finished(index);
  }
  await file.sync();
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

/** Offset in `data` of a content that lies beside its inode. */
export function besideInode(slot: number, xattrBytes: number): number {
  return slot * inodeSlotBytes + inodeBytes + xattrBytes;
}

async function storeEntry(
  entry: TarEntry,
  data: LayerData,
  headers: TarHeaderLog,
): Promise<LayerEntry> {
  const line = describeEntry(entry);
  if (entry.type !== "file" || entry.sizeBytes === 0) return line;
  if (entry.sparse !== true) await headers.markContent();
  const xattrs = xattrBytes(entry.xattrs, printable(entry.path));
  if (inodeBytes + xattrs.length + entry.sizeBytes > blockBytes)
    return { ...line, page: await data.addContent(entry.body()) };
  const content = await joined(entry.body());
  return { ...line, slot: await data.addInode(smallFile(line, xattrs, content)) };
}

/** An inode of one name with its xattrs and its content. */
function smallFile(line: LayerEntry, xattrs: Buffer, content: Buffer): Buffer {
  const inode = Buffer.alloc(inodeBytes);
  writeInode(
    inode,
    { ...line, type: "file" },
    {
      inline: true,
      block: 0,
      number: 0,
      links: 1,
      xattrCount: xattrCount(xattrs.length),
      size: content.length,
    },
  );
  return Buffer.concat([inode, xattrs, content]);
}

function describeEntry(entry: TarEntry): LayerEntry {
  const xattrs = Object.fromEntries(
    [...entry.xattrs].map(([name, value]) => [name, value.toString("base64")]),
  );
  return {
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
    ...(entry.sparse === true ? { sparse: true as const } : {}),
  };
}
