import { digestOf, type MadeEntry, makeTar } from "./tar.ts";

/** A descriptor as a test makes it up; its digest is of a blob of the archive. */
export interface MadeDescriptor {
  mediaType?: string;
  digest: string;
  size: number;
  [field: string]: unknown;
}

/** An OCI layout as tar that a test builds blob by blob. */
export class OciArchive {
  readonly #blobs: MadeEntry[] = [];

  /** Puts a blob in; what is no buffer goes as JSON. `more`: fields of its descriptor. */
  blob(content: Buffer | object, more: Record<string, unknown> = {}): MadeDescriptor {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const digest = digestOf(bytes);
    this.#blobs.push({ path: `blobs/sha256/${digest.slice("sha256:".length)}`, content: bytes });
    return { digest, size: bytes.length, ...more };
  }

  /** An image of one layer, which is a plain tar. */
  image(layer: Buffer, more: Record<string, unknown> = {}, architecture = "amd64"): MadeDescriptor {
    const rootfs = { type: "layers", diff_ids: [digestOf(layer)] };
    const config = this.blob(
      { architecture, os: "linux", config: {}, rootfs },
      { mediaType: "application/vnd.oci.image.config.v1+json" },
    );
    const layers = [this.blob(layer, { mediaType: "application/vnd.oci.image.layer.v1.tar" })];
    return this.manifest({ config, layers }, more);
  }

  manifest(fields: object, more: Record<string, unknown> = {}): MadeDescriptor {
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    return this.blob({ schemaVersion: 2, mediaType, ...fields }, { mediaType, ...more });
  }

  index(manifests: readonly MadeDescriptor[], more: Record<string, unknown> = {}): MadeDescriptor {
    const mediaType = "application/vnd.oci.image.index.v1+json";
    return this.blob({ schemaVersion: 2, mediaType, manifests }, { mediaType, ...more });
  }

  tar(manifests: readonly MadeDescriptor[]): Buffer {
    return makeTar([
      ...this.#blobs,
      { path: "index.json", content: JSON.stringify({ schemaVersion: 2, manifests }) },
      { path: "oci-layout", content: JSON.stringify({ imageLayoutVersion: "1.0.0" }) },
    ]);
  }
}
