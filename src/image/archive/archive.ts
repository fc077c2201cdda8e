import { join } from "node:path";
import { DvmError } from "../../base/errors.ts";
import { ByteSource } from "../../base/byte-source.ts";
import { compressionOf, decompress, peek } from "../layer/decompress.ts";
import { joined } from "../../base/gather.ts";
import { stageLayer, type StagedLayer } from "../layer/stage-layer.ts";
import { looksLikeTar, printable, readTar, type TarEntry } from "../../base/tar/tar-reader.ts";

/** What an image archive holds: its layers, put on disk, and its JSON documents, by their paths. */
export interface Archive {
  layers: Map<string, StagedLayer>;
  documents: Map<string, Buffer>;
  /** Paths of what is no layer, and larger than a document may be. */
  tooLarge: Set<string>;
  /** What links lead to, seen from the archive's root. */
  links: Map<string, string>;
}

interface ReadOptions {
  /** A folder of ours for the layers. */
  work: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((text: string) => void) | undefined;
}

export const maximumDocumentBytes = 8 * 2 ** 20;
const maximumDocumentsBytes = 64 * 2 ** 20;
const maximumLayers = 1024;
const maximumEntries = 20_000;
const maximumLinkHops = 8;
const sniffBytes = 512;

/**
 * Reads an archive of `docker save` or an OCI layout as tar, itself compressed or not, in one go:
 * what is a layer is stored before it is known whose it is.
 */
export async function readArchive(
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): Promise<Archive> {
  const archive: Archive = {
    layers: new Map(),
    documents: new Map(),
    tooLarge: new Set(),
    links: new Map(),
  };
  const { start, whole } = await peek(source, sniffBytes);
  if (start.length === 0) throw new DvmError("damaged", "cannot read the archive: it is empty");
  const tar = new ByteSource(decompress(compressionOf(start), whole));
  const count = { entries: 0, layers: 0, documentBytes: 0 };
  for await (const entry of readTar(tar)) {
    count.entries += 1;
    if (count.entries > maximumEntries) throw tooMany(`${maximumEntries} entries`);
    const path = plainPath(entry.path);
    if (entry.type === "symlink" || entry.type === "hardlink")
      archive.links.set(path, linkTarget(path, entry));
    if (entry.type !== "file") continue;
    archive.links.delete(path);
    await addFile(archive, { path, entry, count, options });
  }
  await tar.drain();
  await stageEmpty(archive, options);
  return archive;
}

async function addFile(
  { layers, documents, tooLarge }: Archive,
  found: {
    path: string;
    entry: TarEntry;
    count: { layers: number; documentBytes: number };
    options: ReadOptions;
  },
): Promise<void> {
  const { path, entry, count, options } = found;
  // a few bytes could claim a terabyte to be hashed
  if (entry.sparse === true)
    throw new DvmError("unsupported", `cannot read the archive: ${printable(path)} has holes`);
  const { start, whole } = await peek(entry.body(), sniffBytes);
  if (isLayer(start)) {
    // each in a folder of its own: one that comes twice must not lie where another's bytes are
    count.layers += 1;
    if (count.layers > maximumLayers) throw tooMany(`${maximumLayers} layers`);
    options.onProgress?.(`Loading layer ${path}`);
    const folder = join(options.work, String(count.layers));
    layers.set(path, await stageLayer(whole, folder, options.signal));
  } else if (entry.sizeBytes > maximumDocumentBytes) tooLarge.add(path);
  else {
    count.documentBytes += entry.sizeBytes;
    if (count.documentBytes > maximumDocumentsBytes)
      throw tooMany(`${maximumDocumentsBytes} bytes of documents`);
    documents.set(path, await joined(whole));
  }
}

/** A file of no bytes may be a document, or a layer that holds nothing. */
async function stageEmpty({ documents, layers }: Archive, options: ReadOptions): Promise<void> {
  const empty = [...documents].filter(([, { length }]) => length === 0);
  if (empty.length === 0) return;
  const layer = await stageLayer(streamOfNothing(), join(options.work, "empty"), options.signal);
  for (const [path] of empty) layers.set(path, layer);
}

async function* streamOfNothing(): AsyncGenerator<Uint8Array> {}

function isLayer(head: Buffer): boolean {
  return compressionOf(head) !== "none" || looksLikeTar(head);
}

/**
 * Where `path` leads in the archive: links are followed, in folders too, as inside a root that nothing
 * leads out of.
 */
export function located(archive: Archive, path: string): string {
  let hops = 0;
  let [done, left] = ["", path.split("/")];
  while (left.length > 0) {
    const here = plainPath(join(done, left[0] ?? ""));
    left = left.slice(1);
    const target = archive.links.get(here);
    if (target === undefined) done = here;
    else {
      hops += 1;
      if (hops > maximumLinkHops)
        throw new DvmError(
          "damaged",
          `cannot read the archive: ${printable(path)}: too many links`,
        );
      [done, left] = ["", [...target.split("/"), ...left]];
    }
  }
  return done;
}

export function hasFile(archive: Archive, path: string): boolean {
  const place = located(archive, path);
  return archive.documents.has(place) || archive.tooLarge.has(place);
}

function linkTarget(path: string, { type, linkTarget: target }: TarEntry): string {
  const relative = type === "symlink" && !target.startsWith("/");
  return plainPath(relative ? join("/", path, "..", target) : target);
}

function plainPath(path: string): string {
  return join("/", path).slice(1);
}

function tooMany(what: string): DvmError {
  return new DvmError("invalid", `cannot read the archive: it has more than ${what}`);
}
