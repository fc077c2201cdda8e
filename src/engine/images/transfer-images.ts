import { DvmError } from "../../base/errors.ts";
import { pullImage, type TransferParts } from "../../image/transfer/pull-image.ts";
import { pushImage } from "../../image/transfer/push-image.ts";
import { isBareName, parseReference, type Reference } from "../../image/reference.ts";
import { parsePlatform } from "../../image/registry/choose-platform.ts";
import type { Credentials } from "../../image/registry/credentials.ts";
import { listTags } from "../../image/registry/tags.ts";
import { Transport } from "../../image/registry/transport.ts";
import { firstSource } from "../../image/transfer/image-sources.ts";
import type { OnProgress } from "../../image/transfer/transfer-progress.ts";
import type { Engine } from "../core.ts";

export type { TransferProgress } from "../../image/transfer/transfer-progress.ts";

export interface PullImages {
  name: string;
  /** A tag or digest; with neither here nor in the name, all tags are meant, as docker's API has it. */
  tag: string | undefined;
  platform: string | undefined;
  credentials: Credentials;
  signal: AbortSignal;
  onProgress: OnProgress;
}

export interface PushImages extends Omit<PullImages, "platform"> {
  onPushed: (pushed: { tag: string; digest: string; sizeBytes: number }) => void;
}

export async function pullImages(engine: Engine, request: PullImages): Promise<void> {
  const { signal, onProgress, credentials } = request;
  const named = referenceOf(request);
  const platform =
    request.platform === undefined || request.platform === ""
      ? undefined
      : parsePlatform(request.platform);
  const references = named === undefined ? await allTags(engine, request) : [named];
  for (const reference of references) {
    const pull = { reference, platform, credentials, signal, onProgress };
    await pullImage(transferParts(engine), pull);
    engine.events.emit("image", "pull", reference.familiar, { name: reference.familiarName });
  }
}

export async function pushImages(engine: Engine, request: PushImages): Promise<void> {
  const { signal, onProgress, credentials } = request;
  const named = referenceOf(request);
  if (named?.digest !== undefined) throw new DvmError("invalid", "cannot push a digest reference");
  const references = named === undefined ? localTags(engine, request.name) : [named];
  const { registry, repository, familiarName } = named ?? parseReference(request.name);
  onProgress({ status: `The push refers to repository [${registry}/${repository}]` });
  const names = engine.parts.images.list().flatMap((image) => image.references);
  if (!names.some((name) => parseReference(name).familiarName === familiarName))
    throw new DvmError(
      "not-found",
      `An image does not exist locally with the tag: ${familiarName}`,
    );
  const missing = references.find(({ familiar }) => !names.includes(familiar));
  if (missing !== undefined)
    throw new DvmError("not-found", `tag does not exist: ${missing.familiar}`);
  for (const reference of references) {
    const parallel = engine.parts.settings().maxConcurrentUploads;
    const push = { reference, credentials, signal, onProgress, parallel };
    const { digest, sizeBytes } = await pushImage(transferParts(engine), push);
    request.onPushed({ tag: reference.tag ?? "latest", digest, sizeBytes });
    engine.events.emit("image", "push", reference.familiar, { name: reference.familiarName });
  }
}

function transferParts({ parts }: Engine): TransferParts {
  return {
    store: parts.images,
    downloads: parts.downloads,
    transport: parts.registries,
    trust: parts.trust,
  };
}

/** Undefined when neither tag nor digest is given. */
function referenceOf({ name, tag }: Pick<PullImages, "name" | "tag">): Reference | undefined {
  if (tag !== undefined && tag !== "")
    return parseReference(tag.startsWith("sha256:") ? `${name}@${tag}` : `${name}:${tag}`);
  return isBareName(name) ? undefined : parseReference(name);
}

async function allTags(
  engine: Engine,
  { name, credentials, signal }: PullImages,
): Promise<Reference[]> {
  const reference = parseReference(name);
  using transport = new Transport(engine.parts.registries);
  const { result: tags } = await firstSource(
    transport,
    { reference, credentials, signal },
    (source) => listTags(source, signal),
  );
  if (tags.length === 0)
    throw new DvmError("not-found", `cannot pull ${reference.familiarName}: it has no tags`);
  return tags.map((tag) => parseReference(`${reference.familiarName}:${tag}`));
}

function localTags(engine: Engine, name: string): Reference[] {
  const { familiarName } = parseReference(name);
  return engine.parts.images
    .list()
    .flatMap(({ references }) => references)
    .map(parseReference)
    .filter((reference) => reference.familiarName === familiarName);
}
