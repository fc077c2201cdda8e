import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "./tar.ts";

/** Writes an OCI layout of one image, `FOLDER:TAG`, of these layers, which are plain tars. */
export async function writeOciLayout(
  folder: string,
  { layers, tag }: { layers: readonly Buffer[]; tag: string },
): Promise<void> {
  await mkdir(join(folder, "blobs/sha256"), { recursive: true });
  const put = async (bytes: Buffer, mediaType: string) => {
    const digest = digestOf(bytes);
    await writeFile(join(folder, "blobs/sha256", digest.slice("sha256:".length)), bytes);
    return { mediaType: `application/vnd.oci.image.${mediaType}`, digest, size: bytes.length };
  };
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const rootfs = { type: "layers", diff_ids: layers.map(digestOf) };
  const image = json({ architecture: "amd64", os: "linux", config: {}, rootfs });
  const config = await put(image, "config.v1+json");
  const blobs = [];
  for (const layer of layers) blobs.push(await put(layer, "layer.v1.tar"));
  const manifest = await put(json({ schemaVersion: 2, config, layers: blobs }), "manifest.v1+json");
  const annotations = { "org.opencontainers.image.ref.name": tag };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  await writeFile(join(folder, "index.json"), JSON.stringify(index));
  await writeFile(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}
