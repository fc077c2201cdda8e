import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { digestPattern } from "../digest.ts";
import { isBareName, tryParseReference } from "../reference.ts";
import { findPlatform, platformText } from "../registry/choose-platform.ts";
import type { DescribedPlatform } from "../registry/manifest.ts";
import type { Archive } from "./archive.ts";
import {
  type ArchivedImage,
  checkCount,
  checkDigest,
  checkedImage,
  documentAt,
  layerAt,
  parseDocument,
  wrongDigest,
} from "./archive-parts.ts";
import { blobPath } from "./blob-path.ts";
import { describesArtifact, isArtifact } from "./oci-artifacts.ts";
import {
  type Descriptor,
  type ImageManifest,
  index,
  indexOrManifest,
  optional,
} from "./oci-documents.ts";

const maximumIndexDepth = 4;

/** What a descriptor of the layout's index leads to. */
interface Found {
  names: string[];
  image: ArchivedImage | undefined;
  /** Where it leads to images only that are not for this platform. */
  others: string[];
}

/**
 * The images of an OCI layout (image-spec, "Image Layout"): all that its index names besides artifacts,
 * such as signatures and attestations; of an index the image for `architecture`.
 */
export function ociImages(archive: Archive, architecture: string): ArchivedImage[] {
  const top = parseDocument(archive, "index.json", index).manifests ?? [];
  checkCount(top.length);
  const wanted = { os: "linux", architecture };
  const search = new Search(archive, wanted);
  const found = top.map((one): Found => {
    const names = annotatedNames(one);
    const { manifest: behind, others } = search.behind(one, 0);
    return { names, image: behind && imageOf(archive, behind, names), others };
  });
  const images = found.filter((one) => isWanted(one, { found, wanted }));
  const foreign = images.flatMap(({ image, others }) => (image === undefined ? others : []));
  if (foreign.length > 0) throw notFor(foreign, wanted);
  if (top.length > 0 && images.length === 0)
    throw new DvmError(
      "invalid",
      "cannot read the archive: no image is in it, only signatures or other artifacts",
    );
  return images.flatMap(({ image }) => image ?? []);
}

/** Artifacts are not; nor is an image for another platform, when one of its name is for this one. */
function isWanted(
  { names, image, others }: Found,
  { found, wanted }: { found: readonly Found[]; wanted: DescribedPlatform },
): boolean {
  if (image === undefined && others.length === 0) return false;
  const fits = ({ image }: Pick<Found, "image">) =>
    image?.parsed.os === wanted.os && image.parsed.architecture === wanted.architecture;
  const sameName = found.filter((other) => other.names.join() === names.join());
  return fits({ image }) || !sameName.some(fits);
}

interface Behind {
  manifest?: ImageManifest;
  others: string[];
}

/** Follows indexes down to the manifest of one platform; each document is looked at once. */
class Search {
  readonly #archive: Archive;
  readonly #wanted: DescribedPlatform;
  readonly #known = new Map<string, Behind>();

  constructor(archive: Archive, wanted: DescribedPlatform) {
    this.#archive = archive;
    this.#wanted = wanted;
  }

  behind(one: Descriptor, depth: number): Behind {
    if (describesArtifact(one)) return { others: [] };
    if (depth > maximumIndexDepth)
      throw new DvmError(
        "damaged",
        "cannot read the archive: its indexes lead to ever more indexes",
      );
    const known = this.#known.get(one.digest);
    if (known !== undefined) return known;
    const document = parseDigested(this.#archive, one.digest, indexOrManifest);
    const behind =
      document.manifests === undefined
        ? { others: [], ...(isArtifact(document) ? {} : { manifest: document }) }
        : this.#inIndex(document.manifests ?? [], depth);
    this.#known.set(one.digest, behind);
    return behind;
  }

  /** As Docker has it: the platform's own first, then those of which no platform is told. */
  #inIndex(manifests: readonly Descriptor[], depth: number): Behind {
    const fitting = findPlatform(manifests, this.#wanted);
    if (fitting !== undefined) return this.behind(fitting, depth + 1);
    const others = manifests
      .filter((one) => !describesArtifact(one))
      .flatMap(({ platform }) => (platform === undefined ? [] : [platformText(platform)]));
    for (const one of manifests.filter(({ platform }) => platform === undefined)) {
      const behind = this.behind(one, depth + 1);
      const other = behind.manifest && this.#otherPlatform(behind.manifest);
      if (behind.manifest !== undefined && other === undefined) return behind;
      others.push(...(other === undefined ? behind.others : [other]));
    }
    return { others };
  }

  /** Undefined when the image is for the platform that is wanted. */
  #otherPlatform({ config }: ImageManifest): string | undefined {
    const platform = z
      .object({ os: optional, architecture: optional })
      .parse(parseDigested(this.#archive, config.digest, z.unknown()));
    const found = platformText(platform);
    return found === platformText(this.#wanted) ? undefined : found;
  }
}

function imageOf(archive: Archive, { config, layers }: ImageManifest, names: string[]) {
  const text = documentAt(archive, digestPath(config.digest));
  checkDigest(text, config.digest, "the configuration");
  const staged = (layers ?? []).map(({ digest }) => {
    const layer = layerAt(archive, digestPath(digest));
    if (layer.digest !== digest) throw wrongDigest("a layer", digest, layer.digest);
    return layer;
  });
  return checkedImage(text, staged, names);
}

/**
 * The image's name: containerd's and docker's annotation, else OCI's when it is more than a tag.
 * What is no name of docker's is none; of a digest only the registry can tell whose it is.
 */
function annotatedNames({ annotations }: Descriptor): string[] {
  const full = annotations?.["io.containerd.image.name"];
  const name = full ?? annotations?.["org.opencontainers.image.ref.name"];
  if (name === undefined || (full === undefined && !/[:/]/.test(name))) return [];
  const undigested = name.replace(/@.*$/, "");
  if (undigested !== name && isBareName(undigested)) return [];
  const reference = tryParseReference(undigested);
  return reference === undefined ? [] : [reference.familiar];
}

function parseDigested<T>(archive: Archive, digest: string, schema: z.ZodType<T>): T {
  const path = digestPath(digest);
  checkDigest(documentAt(archive, path), digest, "a manifest");
  return parseDocument(archive, path, schema);
}

function digestPath(digest: string): string {
  if (digestPattern.test(digest)) return blobPath(digest);
  throw new DvmError(
    "unsupported",
    `cannot read the archive: ${JSON.stringify(digest)} is no digest by SHA-256`,
  );
}

function notFor(others: readonly string[], wanted: DescribedPlatform): DvmError {
  return new DvmError(
    "unsupported",
    `cannot load the image: it is for ${others.join(", ")}, not for ${platformText(wanted)}`,
  );
}
