import { DvmError } from "../../src/base/errors.ts";
import { digestOf } from "../../src/image/digest.ts";
import type { ArtifactSource } from "../../src/image/trust/find-signatures.ts";

export interface Artifacts {
  /** By tag or digest. */
  manifests: Record<string, string>;
  blobs: Record<string, string>;
  /** By digest; without it the registry knows no referrers API. */
  referrers?: Record<string, string>;
}

/** A repository's artifacts in memory, which checks digests as a client does. */
export function memoryArtifacts({ manifests, blobs, referrers }: Artifacts): ArtifactSource {
  const bytes = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text));
  return {
    manifest: async (tagOrDigest) => bytes(manifests[tagOrDigest]),
    referrers: async (digest) => bytes(referrers?.[digest]),
    async blob({ digest }) {
      const blob = bytes(blobs[digest]);
      if (blob === undefined) throw new DvmError("not-found", `there is no blob ${digest}`);
      if (digestOf(blob) !== digest) throw new DvmError("damaged", `blob ${digest} is damaged`);
      return blob;
    },
  };
}
