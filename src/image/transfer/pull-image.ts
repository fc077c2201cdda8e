import { allOrAbort } from "../../base/all-or-abort.ts";
import { DvmError } from "../../base/errors.ts";
import { dockerHub } from "../../base/registry-name.ts";
import { parseImageConfig, type ParsedConfig } from "../image-config.ts";
import type { ImageStore } from "../store/image-store.ts";
import type { HeldLayer, ImageWork, NewImage } from "../store/image-types.ts";
import { firstSource, fromAny } from "./image-sources.ts";
import type { LayerDownloads } from "./layer-downloads.ts";
import type { Reference } from "../reference.ts";
import { fetchDocument } from "../registry/blobs.ts";
import { checkPlatform } from "../registry/choose-platform.ts";
import type { Credentials } from "../registry/credentials.ts";
import type { DescribedPlatform } from "../registry/manifest.ts";
import type { Repository } from "../registry/repository.ts";
import { Transport, type TransportOptions } from "../registry/transport.ts";
import { findRemoteImage, type RemoteImage } from "./remote-image.ts";
import type { StagedLayer } from "../layer/stage-layer.ts";
import { layerLabel, type OnProgress } from "./transfer-progress.ts";
import { checkPull, pullRule, type TrustedPull } from "../trust/check-pull.ts";
import type { PolicyPlace } from "../trust/policy.ts";
import { registryArtifacts } from "../trust/registry-artifacts.ts";

export interface TransferParts {
  store: ImageStore;
  downloads: LayerDownloads;
  transport: TransportOptions;
  /** Where the policy lies that says what may be pulled. */
  trust: PolicyPlace;
}

export interface PullRequest {
  /** With tag or digest; with neither, `latest` is meant. */
  reference: Reference;
  platform?: DescribedPlatform | undefined;
  credentials: Credentials;
  signal?: AbortSignal | undefined;
  onProgress: OnProgress;
}

/**
 * Brings an image from its registry; gives its id. Nothing is there before all is checked, and nothing
 * of the image is fetched before the policy lets it.
 */
export async function pullImage(parts: TransferParts, request: PullRequest): Promise<string> {
  const { reference, onProgress, platform, signal } = request;
  const rule = await pullRule(parts.trust, reference);
  using transport = new Transport(parts.transport);
  const tagOrDigest = reference.digest ?? reference.tag ?? "latest";
  const before = currentId(parts.store, reference);
  // whether the registry has a digest, only the registry can tell
  const known = (digest: string) =>
    digest === reference.digest && before === undefined
      ? undefined
      : parts.store.database.manifest(digest);
  const wanted = { tagOrDigest, platform, known, signal };
  const { result, sources } = await firstSource(transport, request, async (source) => {
    const remote = await findRemoteImage(source, wanted);
    const artifacts = registryArtifacts(source, signal);
    return { remote, trusted: rule && (await checkPull(rule, remote.manifests, artifacts)) };
  });
  const { remote, trusted } = result;
  const status = `Pulling from ${shownRepository(reference)}`;
  onProgress({ id: tagOrDigest, status, isMessage: true });
  const id = await storeImage(parts, request, { ...result, sources });
  onProgress({ status: `Digest: ${remote.manifests[0]?.digest ?? ""}` });
  if (trusted !== undefined) onProgress({ status: trusted.line });
  onProgress({
    status:
      before === id
        ? `Status: Image is up to date for ${reference.familiar}`
        : `Status: Downloaded newer image for ${reference.familiar}`,
  });
  return id;
}

interface Found {
  remote: RemoteImage;
  /** Undefined without a policy. */
  trusted: TrustedPull | undefined;
  sources: Repository[];
}

async function storeImage(
  { store, downloads }: TransferParts,
  request: PullRequest,
  { remote, trusted, sources }: Found,
): Promise<string> {
  const { reference, signal } = request;
  const stored = store.list().find(({ id }) => id === remote.config.digest)?.configText;
  const fetchConfig = () =>
    fromAny(sources, async (source) =>
      (await fetchDocument(source, remote.config, signal)).toString("utf8"),
    );
  const config = stored ?? (await fetchConfig());
  const parsed = parseImageConfig(config);
  checkConfig(request, remote, parsed);
  await store.withWork(async (work) => {
    await using inUse = new AsyncDisposableStack();
    const layers = await fetchLayers(downloads, {
      ...{ request, remote, trusted, sources, work, inUse },
      diffIds: parsed.layers,
      isKnown: stored !== undefined,
    });
    const image = newImage(reference, remote, { config, layers });
    await store.add([withSignatures(image, trusted)], work);
  });
  await downloads.forget(remote.layers.map(({ digest }) => digest));
  return remote.config.digest;
}

interface LayerWork extends Found {
  request: PullRequest;
  work: ImageWork;
  diffIds: string[];
  /** The image is here already: Docker has nothing to tell of its layers then. */
  isKnown: boolean;
  /** Takes what must stay until the image is stored. */
  inUse: AsyncDisposableStack;
}

async function fetchLayers(
  downloads: LayerDownloads,
  { request, remote, sources, work, diffIds, isKnown, inUse }: LayerWork,
): Promise<(StagedLayer | HeldLayer)[]> {
  const { onProgress } = request;
  return allOrAbort(remote.layers, request.signal, async (blob, signal, at) => {
    const id = layerLabel(blob.digest);
    const diffId = diffIds[at] ?? "";
    if (work.hold(diffId)) {
      if (!isKnown) onProgress({ id, status: "Already exists" });
      return { diffId };
    }
    onProgress({ id, status: "Pulling fs layer" });
    const fetched = await downloads.fetch({ sources, blob, diffId, signal, onProgress });
    inUse.use(fetched);
    onProgress({ id, status: "Pull complete" });
    return fetched.layer;
  });
}

/** Only what was unpacked here is known to be in a blob; of the others their manifest says so. */
function newImage(
  reference: Reference,
  { manifests, layers: blobs }: RemoteImage,
  { config, layers }: Pick<NewImage, "config" | "layers">,
): NewImage {
  const known = layers.flatMap((layer, at) => {
    const blob = blobs[at];
    if (layer.folder === undefined || blob === undefined) return [];
    const { digest, size: sizeBytes, mediaType } = blob;
    return [{ diffId: layer.diffId, digest, sizeBytes, mediaType }];
  });
  return {
    config,
    layers,
    references: reference.digest === undefined ? [reference.familiar] : [],
    origin: {
      repository: reference.familiarName,
      digests: manifests.slice(0, 1).map(({ digest }) => digest),
      manifests,
      blobs: known,
    },
  };
}

function withSignatures(image: NewImage, trusted: TrustedPull | undefined): NewImage {
  const { origin } = image;
  return origin && trusted
    ? { ...image, origin: { ...origin, signatures: trusted.signatures } }
    : image;
}

function checkConfig(
  { reference, platform }: PullRequest,
  remote: RemoteImage,
  config: ParsedConfig,
): void {
  if (config.layers.length !== remote.layers.length)
    throw new DvmError(
      "damaged",
      `cannot pull ${reference.familiar}: its configuration names ${config.layers.length} layers, its manifest ${remote.layers.length}`,
    );
  if (platform !== undefined) checkPlatform(reference.familiar, config, platform);
}

/** Which image the reference means here, before the pull. */
function currentId(
  store: ImageStore,
  { familiar, familiarName, digest }: Reference,
): string | undefined {
  const meant = digest === undefined ? familiar : `${familiarName}@${digest}`;
  return store
    .list()
    .find(({ references, digests }) => references.includes(meant) || digests.includes(meant))?.id;
}

/** Docker shows `library/busybox` here, and `localhost:5000/app`. */
function shownRepository({ registry, repository, familiarName }: Reference): string {
  return registry === dockerHub ? repository : familiarName;
}
