import { allOrAbort } from "../../base/all-or-abort.ts";
import { limiter } from "../../base/limiter.ts";
import { digestOf } from "../digest.ts";
import type { StoredManifest } from "../store/image-database.ts";
import type { ImageStore } from "../store/image-store.ts";
import type { Image } from "../store/image-types.ts";
import type { TransferParts } from "./pull-image.ts";
import { pushLayer } from "./push-layer.ts";
import type { Reference } from "../reference.ts";
import { findBlob } from "../registry/blobs.ts";
import type { Credentials } from "../registry/credentials.ts";
import { mediaTypes, parseManifest, type Descriptor } from "../registry/manifest.ts";
import { putManifest } from "../registry/manifests.ts";
import { connect } from "../registry/registry-connection.ts";
import { repositoryOf, type Repository } from "../registry/repository.ts";
import { Transport } from "../registry/transport.ts";
import { uploadDocument } from "../registry/upload.ts";
import type { OnProgress } from "./transfer-progress.ts";

export interface PushRequest {
  /** With a tag. */
  reference: Reference;
  credentials: Credentials;
  signal?: AbortSignal | undefined;
  onProgress: OnProgress;
  /** How many layers are sent at once. */
  parallel?: number;
}

export interface PushedImage {
  id: string;
  /** Of the manifest. */
  digest: string;
  sizeBytes: number;
}

const parallelLayers = 2;

/**
 * Sends an image to its registry. What was pulled goes back with the manifest that it came with, as
 * long as its layers can be there in the form that the manifest names.
 */
export async function pushImage(
  { store, transport: options }: TransferParts,
  request: PushRequest,
): Promise<PushedImage> {
  const { reference, credentials, signal, onProgress } = request;
  const image = store.find(reference.familiar);
  using transport = new Transport(options);
  const connection = await connect(transport, { ...reference, credentials, signal });
  const target = repositoryOf(connection, reference, "pull,push");
  const original = originalManifest(store, image.id);
  const manifest = await store.withWork(async (work) => {
    image.layers.forEach((diffId) => work.hold(diffId));
    const layers = await pushLayers(store, { image, target, request, original: original?.layers });
    await pushConfig(target, image, signal);
    return fittingManifest(image, layers, original);
  });
  const { mediaType } = manifest;
  const body = Buffer.from(manifest.body);
  const digest = await putManifest(target, reference.tag ?? "latest", { mediaType, body, signal });
  store.database.transaction(() => {
    store.database.addRepositoryDigest(reference.familiarName, digest, image.id);
    store.database.addManifest({ digest, mediaType, body }, image.id);
  });
  onProgress({
    status: `${reference.tag ?? "latest"}: digest: ${digest} size: ${body.length}`,
  });
  return { id: image.id, digest, sizeBytes: body.length };
}

interface LayersPush {
  image: Image;
  target: Repository;
  request: PushRequest;
  original: Descriptor[] | undefined;
}

/** Each layer once, though an image may have it twice. */
async function pushLayers(
  store: ImageStore,
  { image, target, request, original }: LayersPush,
): Promise<Descriptor[]> {
  const { onProgress } = request;
  const { registry, familiarName: repository } = request.reference;
  const limited = limiter(request.parallel ?? parallelLayers);
  const pushed = new Map<string, Descriptor>();
  await allOrAbort([...new Set(image.layers)], request.signal, (diffId, signal) =>
    limited(async () => {
      signal.throwIfAborted();
      const preferred = original?.[image.layers.indexOf(diffId)];
      const push = { store, target, registry, diffId, preferred, signal, onProgress };
      const descriptor = await pushLayer(push);
      const { digest, size: sizeBytes, mediaType } = descriptor;
      store.database.addBlob({ diffId, repository, digest, sizeBytes, mediaType });
      pushed.set(diffId, descriptor);
    }),
  );
  return image.layers.flatMap((diffId) => pushed.get(diffId) ?? []);
}

async function pushConfig(
  target: Repository,
  { id, configText }: Image,
  signal: AbortSignal | undefined,
): Promise<void> {
  if ((await findBlob(target, id, signal)) === undefined)
    await uploadDocument(target, Buffer.from(configText), { signal });
}

interface OriginalManifest {
  manifest: StoredManifest;
  layers: Descriptor[];
}

/** The manifest that the image came with, or last got here. */
function originalManifest(store: ImageStore, imageId: string): OriginalManifest | undefined {
  for (const manifest of store.database.manifests(imageId)) {
    const parsed = parseManifest(manifest.body, imageId);
    if (parsed.kind === "image" && parsed.config.digest === imageId)
      return { manifest, layers: parsed.layers };
  }
  return undefined;
}

function fittingManifest(
  image: Image,
  layers: Descriptor[],
  original: OriginalManifest | undefined,
): StoredManifest {
  const fits = original?.layers.every(({ digest }, at) => digest === layers[at]?.digest);
  if (original === undefined || fits !== true) return newManifest(image, layers);
  return { ...original.manifest, mediaType: mediaTypeOf(original.manifest) };
}

/** Docker's form, as every registry and tool reads it, unless a layer is of OCI's types. */
function newManifest({ id, configText }: Image, layers: Descriptor[]): StoredManifest {
  const isDocker = layers.every(({ mediaType }) => mediaType.startsWith("application/vnd.docker."));
  const mediaType = isDocker ? mediaTypes.dockerManifest : mediaTypes.ociManifest;
  const config = {
    mediaType: isDocker ? mediaTypes.dockerConfig : mediaTypes.ociConfig,
    size: Buffer.byteLength(configText),
    digest: id,
  };
  const described = layers.map(({ digest, size, mediaType: type }) => ({
    mediaType: isDocker ? type : ociLayerType(type),
    size,
    digest,
  }));
  const body = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, config, layers: described }),
  );
  return { digest: digestOf(body), mediaType, body };
}

function ociLayerType(mediaType: string): string {
  if (!mediaType.startsWith("application/vnd.docker.")) return mediaType;
  const packing = /tar(?:[.+](gzip|zstd))?$/.exec(mediaType)?.[1];
  return packing === undefined ? mediaTypes.ociLayer : `${mediaTypes.ociLayer}+${packing}`;
}

/** OCI's manifests needn't say what they are; then the registry has said it. */
function mediaTypeOf({ mediaType, body }: StoredManifest): string {
  if (mediaType !== "" && mediaType !== "application/octet-stream") return mediaType;
  const own: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
  const said = typeof own === "object" && own !== null && "mediaType" in own ? own.mediaType : "";
  return typeof said === "string" && said !== "" ? said : mediaTypes.ociManifest;
}
