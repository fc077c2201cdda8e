import assert from "node:assert/strict";
import type { Artifacts } from "./memory-artifacts.ts";

/** Puts artifacts beside the images of a repository, such as `127.0.0.1:5000/app`. */
export async function attachArtifacts(
  repository: string,
  { manifests, blobs }: Artifacts,
): Promise<void> {
  const slash = repository.indexOf("/");
  const base = `http://${repository.slice(0, slash)}/v2/${repository.slice(slash + 1)}`;
  for (const [digest, body] of Object.entries(blobs)) {
    const begun = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
    const location = new URL(begun.headers.get("location") ?? "", base);
    location.searchParams.set("digest", digest);
    const headers = { "Content-Type": "application/octet-stream" };
    const put = await fetch(location, { method: "PUT", headers, body });
    assert.equal(put.status, 201, await put.text());
  }
  for (const [tagOrDigest, body] of Object.entries(manifests)) {
    const { mediaType } = JSON.parse(body) as { mediaType: string };
    const headers = { "Content-Type": mediaType };
    const put = await fetch(`${base}/manifests/${tagOrDigest}`, { method: "PUT", headers, body });
    assert.equal(put.status, 201, await put.text());
  }
}
