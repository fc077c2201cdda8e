import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { digestOf } from "../../support/tar.ts";
import type { HubImage } from "./hub-images.ts";

const types = "application/vnd.docker";
const created = "2024-01-02T03:04:05Z";

/** Pushes to a registry that takes anything from anybody, as an image of Docker's schema 2. */
export async function pushImage(registry: string, image: HubImage): Promise<void> {
  const { repository, layer } = image;
  const packed = gzipSync(layer, { level: 1 });
  const config = Buffer.from(JSON.stringify(imageConfig(image)));
  await pushBlob(registry, repository, packed);
  await pushBlob(registry, repository, config);
  const describe = (kind: string, bytes: Buffer) => ({
    mediaType: `${types}.${kind}`,
    size: bytes.length,
    digest: digestOf(bytes),
  });
  const mediaType = `${types}.distribution.manifest.v2+json`;
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: describe("container.image.v1+json", config),
    layers: [describe("image.rootfs.diff.tar.gzip", packed)],
  });
  for (const tag of image.tags)
    await put(`http://${registry}/v2/${repository}/manifests/${tag}`, manifest, mediaType);
}

function imageConfig({ layer, config }: HubImage): object {
  const command = { created, created_by: "/bin/sh -c #(nop) ADD file:0 in / " };
  return {
    ...{ architecture: "amd64", os: "linux", created, config },
    history: [command, { created, created_by: '/bin/sh -c #(nop)  CMD ["sh"]', empty_layer: true }],
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  };
}

async function pushBlob(registry: string, repository: string, bytes: Buffer): Promise<void> {
  const begun = await fetch(`http://${registry}/v2/${repository}/blobs/uploads/`, {
    method: "POST",
  });
  assert.equal(begun.status, 202, await begun.text());
  const target = new URL(begun.headers.get("location") ?? "", `http://${registry}`);
  target.searchParams.set("digest", digestOf(bytes));
  await put(target, bytes, "application/octet-stream");
}

async function put(target: string | URL, body: string | Buffer, type: string): Promise<void> {
  const answer = await fetch(target, {
    method: "PUT",
    body: new Uint8Array(Buffer.from(body)),
    headers: { "content-type": type },
  });
  assert.equal(answer.status, 201, await answer.text());
}
