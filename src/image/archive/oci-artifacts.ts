import { configTypes, isLayerType, mediaTypes } from "../registry/manifest.ts";
import type { Descriptor, ImageManifest } from "./oci-documents.ts";

/* What lies among images in a layout, and is none: signatures, attestations, whatever ORAS pushes. */

const documentTypes = new Set<string>([
  "",
  mediaTypes.ociIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerIndex,
  mediaTypes.dockerManifest,
]);
const unknown = "unknown";

/** By a descriptor alone: BuildKit's attestations, and what is of a type of its own. */
export function describesArtifact(one: Omit<Descriptor, "digest">): boolean {
  const { mediaType, artifactType, platform, annotations } = one;
  return (
    !documentTypes.has(mediaType) ||
    artifactType !== "" ||
    annotations?.["vnd.docker.reference.type"] !== undefined ||
    (platform?.os === unknown && platform.architecture === unknown)
  );
}

/** By a manifest: cosign's signatures have an image's configuration, but no layer of one. */
export function isArtifact({ artifactType, config, layers }: ImageManifest): boolean {
  if (artifactType !== "" || !configTypes.has(config.mediaType)) return true;
  const types = (layers ?? []).map(({ mediaType }) => mediaType);
  return types.length > 0 && !types.some(isLayerType);
}
