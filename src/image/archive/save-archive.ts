import { fileEnd, fileHeader, tarEnd } from "../../base/tar/tar-writer.ts";
import { digestOf } from "../digest.ts";
import type { ImageStore } from "../store/image-store.ts";
import type { Image } from "../store/image-types.ts";
import { mediaTypes } from "../registry/manifest.ts";
import { parseReference } from "../reference.ts";
import { blobPath } from "./blob-path.ts";

/** An image and the names by which it is to be known. */
export interface SavedImage {
  image: Image;
  references: readonly string[];
}

/**
 * Images as one tar that is both an OCI layout (image-spec, "Image Layout") and what `docker load`
 * of any age reads (manifest.json beside it). Each blob is there once. Layers that turn out to be
 * damaged end it with an error.
 */
export async function* saveArchive(
  store: ImageStore,
  saved: readonly SavedImage[],
): AsyncGenerator<Uint8Array> {
  await using _hold = store.holdLayers(saved.flatMap(({ image }) => image.layers));
  const sizes = new Map(
    store.database.layers().map(({ diffId, tarBytes }) => [diffId, tarBytes] as const),
  );
  const written = new Set<string>();
  for (const diffId of saved.flatMap(({ image }) => image.layers)) {
    if (written.has(diffId)) continue;
    written.add(diffId);
    const size = sizes.get(diffId) ?? 0;
    yield fileHeader(blobPath(diffId), size);
    yield* store.openLayerTar(diffId);
    yield fileEnd(size);
  }
  for (const { image } of saved) {
    const manifest = ociManifest(image, sizes);
    for (const text of [image.configText, manifest]) {
      const digest = digestOf(text);
      if (written.has(digest)) continue;
      written.add(digest);
      yield document(blobPath(digest), text);
    }
  }
  yield document("index.json", JSON.stringify(ociIndex(saved, sizes)));
  yield document("manifest.json", JSON.stringify(saved.map(dockerManifest)));
  yield document("oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  yield tarEnd();
}

function ociManifest(image: Image, sizes: ReadonlyMap<string, number>): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: {
      mediaType: mediaTypes.ociConfig,
      digest: image.id,
      size: Buffer.byteLength(image.configText),
    },
    layers: image.layers.map((digest) => ({
      mediaType: mediaTypes.ociLayer,
      digest,
      size: sizes.get(digest) ?? 0,
    })),
  });
}

/** An entry for each name: containerd reads the whole one, other tools the tag. */
function ociIndex(saved: readonly SavedImage[], sizes: ReadonlyMap<string, number>) {
  const manifests = saved.flatMap(({ image, references }) => {
    const text = ociManifest(image, sizes);
    const descriptor = {
      mediaType: mediaTypes.ociManifest,
      digest: digestOf(text),
      size: Buffer.byteLength(text),
      platform: { architecture: image.architecture, os: image.os },
    };
    if (references.length === 0) return [descriptor];
    return references.map((reference) => ({
      ...descriptor,
      annotations: {
        "io.containerd.image.name": parseReference(reference).canonical,
        "org.opencontainers.image.ref.name": reference.slice(reference.lastIndexOf(":") + 1),
      },
    }));
  });
  return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
}

function dockerManifest({ image, references }: SavedImage) {
  return {
    Config: blobPath(image.id),
    RepoTags: references.length === 0 ? null : references,
    Layers: image.layers.map(blobPath),
  };
}

function document(path: string, text: string): Buffer {
  const content = Buffer.from(text);
  return Buffer.concat([fileHeader(path, content.length), content, fileEnd(content.length)]);
}
