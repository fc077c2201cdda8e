import { gzipStream } from "../layer/gzip-stream.ts";
import type { KnownBlob } from "../store/image-database.ts";
import type { ImageStore } from "../store/image-store.ts";
import { parseReference } from "../reference.ts";
import { findBlob } from "../registry/blobs.ts";
import { mediaTypes, type Descriptor } from "../registry/manifest.ts";
import type { Repository } from "../registry/repository.ts";
import { mountBlob, uploadStream } from "../registry/upload.ts";
import { byteProgress, layerLabel, type OnProgress } from "./transfer-progress.ts";

interface LayerPush {
  store: ImageStore;
  target: Repository;
  /** Where the target is: only blobs of the same registry can be mounted. */
  registry: string;
  diffId: string;
  /** As the manifest that is to be pushed again has the layer. */
  preferred: Descriptor | undefined;
  signal?: AbortSignal | undefined;
  onProgress: OnProgress;
}

const mostCandidates = 8;

/**
 * Sees to it that the target has the layer, by the least work: it has it already, takes it from
 * another of its registry's repositories, or gets it sent. Gives what a manifest says of it.
 */
export async function pushLayer(push: LayerPush): Promise<Descriptor> {
  const { store, diffId, preferred, onProgress } = push;
  const id = layerLabel(diffId);
  onProgress({ id, status: "Preparing" });
  const known = candidates(store.database.blobsOf(diffId), preferred);
  const there = await findExisting(push, known);
  if (there !== undefined) {
    onProgress({ id, status: "Layer already exists" });
    return there;
  }
  const mounted = await mountKnown(push, known);
  if (mounted !== undefined) {
    onProgress({ id, status: `Mounted from ${mounted.from}` });
    return mounted.descriptor;
  }
  const sent = await sendLayer(push);
  onProgress({ id, status: "Pushed" });
  return sent;
}

/** The preferred form first: with it the manifest can stay what it is. */
function candidates(blobs: KnownBlob[], preferred: Descriptor | undefined): KnownBlob[] {
  const isPreferred = ({ digest }: KnownBlob): boolean => digest === preferred?.digest;
  return [...blobs.filter(isPreferred), ...blobs.filter((blob) => !isPreferred(blob))].slice(
    0,
    mostCandidates,
  );
}

async function findExisting(
  { target, signal }: LayerPush,
  known: KnownBlob[],
): Promise<Descriptor | undefined> {
  const digests = new Map(known.map((blob) => [blob.digest, blob]));
  for (const blob of digests.values())
    if ((await findBlob(target, blob.digest, signal)) !== undefined) return descriptorOf(blob);
  return undefined;
}

async function mountKnown(
  { target, registry, signal }: LayerPush,
  known: KnownBlob[],
): Promise<{ descriptor: Descriptor; from: string } | undefined> {
  for (const blob of known) {
    const source = parseReference(blob.repository);
    if (source.registry !== registry || source.repository === target.name) continue;
    const { digest } = blob;
    if (await mountBlob(target, { digest, from: source.repository }, { signal }))
      return { descriptor: descriptorOf(blob), from: source.repository };
  }
  return undefined;
}

/** Packed with gzip, but where the manifest wants the bare tar. */
async function sendLayer(push: LayerPush): Promise<Descriptor> {
  const { store, target, diffId, preferred, signal, onProgress } = push;
  const total = store.database.layerContentBytes(diffId);
  const line = { id: layerLabel(diffId), status: "Pushing", total };
  const tar = () => counted(store.openLayerTar(diffId), byteProgress(onProgress, line));
  const isBare = preferred?.digest === diffId;
  const sent = await uploadStream(target, isBare ? tar : () => gzipStream(tar()), { signal });
  return { ...sent, mediaType: isBare ? preferred.mediaType : mediaTypes.dockerLayer };
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.length;
    onBytes(bytes);
    yield piece;
  }
}

function descriptorOf({ digest, sizeBytes, mediaType }: KnownBlob): Descriptor {
  return { digest, size: sizeBytes, mediaType };
}
