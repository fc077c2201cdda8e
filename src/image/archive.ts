import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { DvmError } from "../base/errors.ts";
import { ByteSource } from "./byte-source.ts";
import { compressionOf, decompress, peek } from "./decompress.ts";
import { stageLayer, type StagedLayer } from "./stage-layer.ts";
import { looksLikeTar, readTar, type TarEntry } from "./tar-reader.ts";

/** What an image archive holds: its layers, put on disk, and its JSON documents, by their paths. */
export interface Archive {
  layers: Map<string, StagedLayer>;
  documents: Map<string, Buffer>;
}

interface ReadOptions {
  /** A folder of ours for the layers. */
  work: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((text: string) => void) | undefined;
}

const maximumDocumentBytes = 8 * 2 ** 20;
const maximumDocumentsBytes = 64 * 2 ** 20;
const maximumLayers = 1024;
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
  const archive: Archive = { layers: new Map(), documents: new Map() };
  const links = new Map<string, string>();
  const { start, whole } = await peek(source, sniffBytes);
  if (start.length === 0) throw new DvmError("damaged", "cannot read the archive: it is empty");
  const tar = new ByteSource(decompress(compressionOf(start), whole));
  let documentBytes = 0;
  for await (const entry of readTar(tar)) {
    const path = plainPath(entry.path);
    if (entry.type === "symlink" || entry.type === "hardlink")
      links.set(path, linkTarget(path, entry));
    if (entry.type !== "file") continue;
    const { start: head, whole: body } = await peek(entry.body(), sniffBytes);
    if (isLayer(head)) {
      if (archive.layers.size >= maximumLayers) throw tooMany(`${maximumLayers} layers`);
      const folder = join(options.work, String(archive.layers.size));
      options.onProgress?.(`Loading layer ${path}`);
      archive.layers.set(path, await stageLayer(body, folder, options.signal));
    } else if (entry.sizeBytes <= maximumDocumentBytes) {
      documentBytes += entry.sizeBytes;
      if (documentBytes > maximumDocumentsBytes)
        throw tooMany(`${maximumDocumentsBytes} bytes of documents`);
      archive.documents.set(path, await buffer(body));
    }
  }
  await tar.drain();
  addLinked(archive, links);
  return archive;
}

function isLayer(head: Buffer): boolean {
  return compressionOf(head) !== "none" || looksLikeTar(head);
}

/** Archives of older tools name a layer that occurs twice by a link. */
function addLinked(archive: Archive, links: ReadonlyMap<string, string>): void {
  for (const path of links.keys()) {
    let target = path;
    for (let hop = 0; hop < maximumLinkHops && links.has(target); hop += 1)
      target = links.get(target) ?? target;
    const layer = archive.layers.get(target);
    if (layer !== undefined) archive.layers.set(path, layer);
    const document = archive.documents.get(target);
    if (document !== undefined) archive.documents.set(path, document);
  }
}

function linkTarget(path: string, { type, linkTarget: target }: TarEntry): string {
  return plainPath(type === "symlink" ? join("/", path, "..", target) : target);
}

function plainPath(path: string): string {
  return join("/", path).slice(1);
}

function tooMany(what: string): DvmError {
  return new DvmError("invalid", `cannot read the archive: it has more than ${what}`);
}
