import { gzipSync, zstdCompressSync } from "node:zlib";
import { putManifest } from "../../src/image/registry/manifests.ts";
import type { Repository } from "../../src/image/registry/repository.ts";
import { uploadDocument } from "../../src/image/registry/upload.ts";
import { digestOf, makeTar } from "./tar.ts";

export const oci = "application/vnd.oci.image";

interface MadeImage {
  layers: { packed: Buffer; diffId: string; mediaType: string }[];
  architecture?: string;
}

/** Pushes an image made up here; gives what an index says of it. */
export async function pushMade(
  to: Repository,
  { layers, architecture = "amd64" }: MadeImage,
  tag?: string,
) {
  const config = Buffer.from(
    JSON.stringify({
      ...{ architecture, os: "linux", config: { Cmd: ["/x"] } },
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    }),
  );
  const described = [];
  for (const { packed, mediaType } of layers)
    described.push({ mediaType, ...(await uploadDocument(to, packed)) });
  const body = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${oci}.manifest.v1+json`,
      config: { mediaType: `${oci}.config.v1+json`, ...(await uploadDocument(to, config)) },
      layers: described,
    }),
  );
  const mediaType = `${oci}.manifest.v1+json`;
  const digest = await putManifest(to, tag ?? digestOf(body), { mediaType, body });
  return { mediaType, digest, size: body.length, platform: { os: "linux", architecture } };
}

export async function pushIndex(to: Repository, tag: string, manifests: object[]): Promise<string> {
  const mediaType = `${oci}.index.v1+json`;
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  return putManifest(to, tag, { mediaType, body });
}

const tars = ["one", "two", "three"].map((path) => makeTar([{ path, content: path.repeat(9999) }]));
export const [plainTar, gzipTar, zstdTar] = tars as [Buffer, Buffer, Buffer];
/** Layers of each packing that there is. */
export const mixed = [
  { packed: plainTar, diffId: digestOf(plainTar), mediaType: `${oci}.layer.v1.tar` },
  { packed: gzipSync(gzipTar), diffId: digestOf(gzipTar), mediaType: `${oci}.layer.v1.tar+gzip` },
  {
    packed: zstdCompressSync(zstdTar),
    diffId: digestOf(zstdTar),
    mediaType: `${oci}.layer.v1.tar+zstd`,
  },
];
