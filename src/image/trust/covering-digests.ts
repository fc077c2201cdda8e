import { digestOf } from "../digest.ts";
import type { StoredManifest } from "../store/image-database.ts";
import { parseManifest } from "../registry/manifest.ts";

/**
 * Digests that stand for an image as a whole: of the manifest that names its configuration (by the
 * image's id), and of the indexes that lead to that. Everything is hashed and followed anew, so that
 * nothing need be believed but the id. The deepest first.
 */
export function coveringDigests(imageId: string, manifests: readonly StoredManifest[]): string[] {
  const whole = manifests.filter(({ digest, body }) => digestOf(body) === digest);
  const parsed = whole.map(({ digest, body }) => ({ digest, ...parseManifest(body, digest) }));
  const covering = new Set<string>();
  for (let before = -1; before < covering.size;) {
    before = covering.size;
    for (const one of parsed) {
      const leads =
        one.kind === "image"
          ? one.config.digest === imageId
          : one.manifests.some(({ digest }) => covering.has(digest));
      if (leads) covering.add(one.digest);
    }
  }
  return [...covering];
}
