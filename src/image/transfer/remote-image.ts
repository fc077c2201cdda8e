import { DvmError } from "../../base/errors.ts";
import type { StoredManifest } from "../store/image-database.ts";
import { printableText } from "../registry/answer-error.ts";
import { choosePlatform, ownPlatform } from "../registry/choose-platform.ts";
import {
  configTypes,
  isLayerType,
  parseManifest,
  type DescribedPlatform,
  type Descriptor,
} from "../registry/manifest.ts";
import { fetchManifest, resolveTag } from "../registry/manifests.ts";
import type { Repository } from "../registry/repository.ts";

/** An image as a registry has it. */
export interface RemoteImage {
  /** From what the reference led to down to the image's own manifest. */
  manifests: StoredManifest[];
  config: Descriptor;
  layers: Descriptor[];
}

interface Wanted {
  tagOrDigest: string;
  platform: DescribedPlatform | undefined;
  /** Manifests that are here already needn't be asked for. */
  known: (digest: string) => StoredManifest | undefined;
  signal?: AbortSignal | undefined;
}

const maximumIndexDepth = 4;
const foreignType = /foreign|nondistributable/;

/** Finds the image of a tag or digest; of an index, the one for the platform. */
export async function findRemoteImage(
  repository: Repository,
  wanted: Wanted,
): Promise<RemoteImage> {
  const { tagOrDigest, signal, known } = wanted;
  const isDigest = tagOrDigest.startsWith("sha256:");
  const what = `${repository.familiar}${isDigest ? "@" : ":"}${tagOrDigest}`;
  // registries count GETs against their limits, and HEADs not
  const digest = isDigest ? tagOrDigest : await resolveTag(repository, tagOrDigest, { signal });
  let next = digest ?? tagOrDigest;
  const manifests: StoredManifest[] = [];
  while (manifests.length <= maximumIndexDepth) {
    const manifest = known(next) ?? (await fetchManifest(repository, next, { signal }));
    manifests.push(manifest);
    const parsed = parseManifest(manifest.body, what);
    if (parsed.kind === "image") {
      const { config, layers } = parsed;
      checkTypes(what, { config, layers });
      return { manifests, config, layers };
    }
    next = choosePlatform(parsed.manifests, wanted.platform ?? ownPlatform, what).digest;
  }
  throw new DvmError("damaged", `cannot pull ${what}: its indexes lead to ever more indexes`);
}

function checkTypes(what: string, { config, layers }: Omit<RemoteImage, "manifests">): void {
  if (!configTypes.has(config.mediaType))
    throw new DvmError(
      "unsupported",
      `cannot pull ${what}: it is no image, but ${printableText(config.mediaType)}`,
    );
  for (const { mediaType } of layers) {
    if (isLayerType(mediaType)) continue;
    throw new DvmError(
      "unsupported",
      foreignType.test(mediaType)
        ? `cannot pull ${what}: it has a foreign layer (${printableText(mediaType)}), which its registry doesn't hold`
        : `cannot pull ${what}: it has a layer of type ${printableText(mediaType)}`,
      foreignType.test(mediaType)
        ? { hint: "such layers are of Windows images, which no Linux machine runs" }
        : {},
    );
  }
}
