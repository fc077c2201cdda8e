import { DvmError } from "../../base/errors.ts";
import { fetchDocument } from "../registry/blobs.ts";
import { discard, mediaTypeOf } from "../registry/http-request.ts";
import { maximumManifestBytes, mediaTypes } from "../registry/manifest.ts";
import { fetchManifest } from "../registry/manifests.ts";
import { readDocument } from "../registry/read-document.ts";
import type { Repository } from "../registry/repository.ts";
import { withRetries } from "../registry/with-retries.ts";
import type { ArtifactSource } from "./find-signatures.ts";

/** The artifacts of a repository of a registry. */
export function registryArtifacts(repository: Repository, signal?: AbortSignal): ArtifactSource {
  return {
    async manifest(tagOrDigest) {
      try {
        return (await fetchManifest(repository, tagOrDigest, { signal })).body;
      } catch (error) {
        if (error instanceof DvmError && error.code === "not-found") return undefined;
        throw error;
      }
    },
    referrers: (digest) =>
      withRetries({ ...repository.connection.transport.retries, signal }, () =>
        fetchReferrers(repository, digest, signal),
      ),
    blob: (descriptor) =>
      fetchDocument(repository, { ...descriptor, annotations: undefined }, signal),
  };
}

/** Registries that don't know the API answer in many ways, and none of them is an index. */
async function fetchReferrers(
  { connection, name, familiar, scopes }: Repository,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const answer = await connection.request({
    method: "GET",
    path: `${name}/referrers/${digest}`,
    headers: { Accept: mediaTypes.ociIndex },
    scopes,
    signal,
  });
  if (answer.status !== 200 || mediaTypeOf(answer) !== mediaTypes.ociIndex) {
    discard(answer);
    if (answer.status !== 429 && answer.status < 500) return undefined;
    throw new DvmError(
      "unavailable",
      `cannot look for signatures in ${familiar}: HTTP status ${answer.status}`,
    );
  }
  return readDocument(answer, {
    limit: maximumManifestBytes,
    what: `the referrers of ${familiar}@${digest}`,
  });
}
