import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { parseJson } from "../../base/parse-json.ts";
import { maximumDocumentBytes, type Archive } from "./archive.ts";
import { blobPath } from "./blob-path.ts";
import { digestOf, digestPattern } from "../digest.ts";
import { parseImageConfig, type ParsedConfig } from "../image-config.ts";
import { parseReference } from "../reference.ts";
import type { StagedLayer } from "../layer/stage-layer.ts";

/** An image of an archive, everything of it there and checked. */
export interface ArchivedImage {
  id: string;
  /** The configuration's bytes. */
  configText: string;
  parsed: ParsedConfig;
  layers: StagedLayer[];
  references: string[];
}

const dockerManifest = z.array(
  z.object({
    Config: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    Layers: z.array(z.string()).nullish(),
  }),
);

const descriptor = z.object({
  digest: z.string().regex(digestPattern),
  mediaType: z.string().optional(),
  platform: z.object({ architecture: z.string(), os: z.string() }).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
});
type Descriptor = z.infer<typeof descriptor>;
const ociIndex = z.object({ manifests: z.array(descriptor) });
const ociManifest = z.object({ config: descriptor, layers: z.array(descriptor) });

const maximumIndexDepth = 4;
const maximumImages = 1024;

/** The images of `archive`, of an index of several platforms the one for `architecture`. */
export function archivedImages(archive: Archive, architecture: string): ArchivedImage[] {
  const { documents, tooLarge } = archive;
  const has = (path: string) => documents.has(path) || tooLarge.has(path);
  if (has("manifest.json")) return once(dockerImages(archive));
  if (has("index.json")) return once(ociImages(archive, architecture));
  throw new DvmError(
    "damaged",
    "cannot read the archive: it has neither a manifest.json (docker save) nor an index.json (OCI)",
    { hint: "the tar of a root file system goes in by `dvm import`" },
  );
}

/** An image that is named more than once has all these names. */
function once(images: ArchivedImage[]): ArchivedImage[] {
  const byId = new Map<string, ArchivedImage>();
  for (const image of images) {
    const references = [...(byId.get(image.id)?.references ?? []), ...image.references];
    byId.set(image.id, { ...image, references });
  }
  return [...byId.values()].map((image) => ({
    ...image,
    references: [...new Set(image.references)],
  }));
}

function dockerImages(archive: Archive): ArchivedImage[] {
  const manifest = parseDocument(archive, "manifest.json", dockerManifest);
  checkCount(manifest.length);
  return manifest.map(({ Config, RepoTags, Layers }) => {
    const config = documentAt(archive, Config);
    const named = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(Config)?.[1];
    if (named !== undefined) checkDigest(config, `sha256:${named}`, "the configuration");
    const layers = (Layers ?? []).map((path) => layerAt(archive, path));
    return image(config, layers, RepoTags ?? []);
  });
}

function ociImages(archive: Archive, architecture: string): ArchivedImage[] {
  const { manifests } = parseDocument(archive, "index.json", ociIndex);
  checkCount(manifests.length);
  return manifests.map((top) => {
    const chosen = chooseManifest(archive, top, architecture);
    const manifest = parseDocument(archive, blobPath(chosen.digest), ociManifest, chosen.digest);
    const config = documentAt(archive, blobPath(manifest.config.digest));
    checkDigest(config, manifest.config.digest, "the configuration");
    const layers = manifest.layers.map(({ digest }) => {
      const layer = layerAt(archive, blobPath(digest));
      if (layer.digest !== digest) throw wrongDigest("a layer", digest, layer.digest);
      return layer;
    });
    return image(config, layers, annotatedNames(top));
  });
}

function checkCount(images: number): void {
  if (images > maximumImages)
    throw new DvmError(
      "invalid",
      `cannot read the archive: it names ${images} images, ${maximumImages} is the most`,
    );
}

/** Follows indexes down to the manifest of one platform. */
function chooseManifest(archive: Archive, top: Descriptor, architecture: string): Descriptor {
  let chosen = top;
  for (let depth = 0; depth < maximumIndexDepth; depth += 1) {
    const parsed = parseDocument(archive, blobPath(chosen.digest), z.unknown(), chosen.digest);
    const index = ociIndex.safeParse(parsed);
    if (!index.success) return chosen;
    const fitting = index.data.manifests.find(
      ({ platform }) => platform?.os === "linux" && platform.architecture === architecture,
    );
    if (fitting === undefined) {
      const there = index.data.manifests
        .map(({ platform }) => `${platform?.os ?? "?"}/${platform?.architecture ?? "?"}`)
        .join(", ");
      throw new DvmError(
        "unsupported",
        `cannot load the image: it is for ${there || "no platform"}, not for linux/${architecture}`,
      );
    }
    chosen = fitting;
  }
  throw new DvmError("damaged", "cannot read the archive: its indexes lead to ever more indexes");
}

/** The image's name: containerd's and docker's annotation, else OCI's when it is more than a tag. */
function annotatedNames({ annotations }: Descriptor): string[] {
  const full = annotations?.["io.containerd.image.name"];
  if (full !== undefined) return [full];
  const name = annotations?.["org.opencontainers.image.ref.name"];
  return name !== undefined && /[:/]/.test(name) ? [name] : [];
}

function image(config: Buffer, layers: StagedLayer[], names: string[]): ArchivedImage {
  const configText = config.toString("utf8");
  // its digest is the image's id, whether of the bytes or of the text
  if (!Buffer.from(configText).equals(config))
    throw new DvmError("damaged", "cannot read the image: its configuration is not UTF-8");
  const parsed = parseImageConfig(configText);
  if (parsed.layers.length !== layers.length) {
    throw new DvmError(
      "damaged",
      `cannot read the image: its configuration names ${parsed.layers.length} layers, the archive ${layers.length}`,
    );
  }
  for (const [index, layer] of layers.entries()) {
    const wanted = parsed.layers[index] ?? "";
    if (layer.diffId !== wanted) throw wrongDigest(`layer ${index + 1}`, wanted, layer.diffId);
  }
  const references = names.map((name) => parseReference(name).familiar);
  return { id: digestOf(config), configText, parsed, layers, references };
}

function documentAt(archive: Archive, path: string): Buffer {
  const document = archive.documents.get(path);
  if (archive.tooLarge.has(path))
    throw new DvmError(
      "invalid",
      `cannot read the archive: ${JSON.stringify(path)} has more than the ${maximumDocumentBytes} bytes that a document may have`,
    );
  if (document === undefined)
    throw new DvmError("damaged", `cannot read the archive: ${JSON.stringify(path)} is missing`);
  return document;
}

function layerAt(archive: Archive, path: string): StagedLayer {
  const layer = archive.layers.get(path);
  if (layer === undefined)
    throw new DvmError(
      "damaged",
      `cannot read the archive: layer ${JSON.stringify(path)} is missing`,
    );
  return layer;
}

function parseDocument<T>(
  archive: Archive,
  path: string,
  schema: z.ZodType<T>,
  digest?: string,
): T {
  const document = documentAt(archive, path);
  if (digest !== undefined) checkDigest(document, digest, "a manifest");
  try {
    return schema.parse(parseJson(document));
  } catch (cause) {
    throw new DvmError("damaged", `cannot read the archive: ${JSON.stringify(path)} is not valid`, {
      cause,
    });
  }
}

function checkDigest(bytes: Buffer, wanted: string, what: string): void {
  const found = digestOf(bytes);
  if (found !== wanted) throw wrongDigest(what, wanted, found);
}

function wrongDigest(what: string, wanted: string, found: string): DvmError {
  return new DvmError(
    "damaged",
    `cannot read the archive: ${what} should be ${wanted}, but is ${found}`,
  );
}
