import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { parseJson } from "../../base/parse-json.ts";
import { digestPattern } from "../digest.ts";

/** A reference to content, by the OCI image spec. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  /** In bytes. */
  size: number;
  platform?: DescribedPlatform | undefined;
  annotations?: Record<string, string> | undefined;
}

export interface DescribedPlatform {
  os: string;
  architecture: string;
  variant?: string | undefined;
}

export type Manifest =
  | { kind: "image"; config: Descriptor; layers: Descriptor[] }
  | { kind: "index"; manifests: Descriptor[] };

export const mediaTypes = {
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
} as const;

/** What the configuration of an image is; of old tools it has no type. */
export const configTypes: ReadonlySet<string> = new Set([
  "",
  mediaTypes.dockerConfig,
  mediaTypes.ociConfig,
]);
/** How it is compressed, the bytes themselves tell. */
const layerType =
  /^application\/vnd\.(?:oci\.image\.layer\.v1|docker\.image\.rootfs\.diff)\.tar(?:[.+](?:gzip|zstd|xz|bzip2))?$/;

export function isLayerType(mediaType: string): boolean {
  return mediaType === "" || layerType.test(mediaType);
}

export const maximumManifestBytes = 4 * 2 ** 20;
const maximumLayers = 1024;
const maximumManifests = 4096;
const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

const descriptorSchema = z.object({
  mediaType: z.string().max(256).default(""),
  digest: z.string().regex(digestPattern),
  size: z.int().nonnegative(),
  platform: z
    .object({
      os: z.string(),
      architecture: z.string(),
      variant: z
        .string()
        .nullish()
        .transform((value) => value ?? undefined),
    })
    .nullish()
    .transform((value) => value ?? undefined),
  annotations: z
    .record(z.string(), z.string())
    .nullish()
    .transform((value) => value ?? undefined),
});
const imageSchema = z.object({
  config: descriptorSchema,
  layers: z.array(descriptorSchema).max(maximumLayers),
});
const indexSchema = z.object({ manifests: z.array(descriptorSchema).max(maximumManifests) });
const versionSchema = z.object({ schemaVersion: z.int(), mediaType: z.string().optional() });

/** Parses a manifest or an index of Docker or OCI; `what` names it in errors. */
export function parseManifest(body: Uint8Array, what: string): Manifest {
  let json: unknown;
  try {
    json = parseJson(body);
  } catch {
    throw new DvmError("damaged", `cannot read the manifest of ${what}: it is not JSON`);
  }
  const version = versionSchema.safeParse(json).data;
  if (version?.schemaVersion === 1 || schema1.test(version?.mediaType ?? "")) throw oldSchema(what);
  // by content, as a document with both lists could mean one thing to us and another elsewhere
  const image = imageSchema.safeParse(json);
  const index = indexSchema.safeParse(json);
  if (image.success !== index.success) {
    if (image.success) return { kind: "image", ...image.data };
    if (index.success) return { kind: "index", ...index.data };
  }
  const issue = image.error?.issues[0];
  const fact =
    issue === undefined
      ? "it is an image and an index at once"
      : `${issue.path.join(".")}: ${issue.message}`;
  throw new DvmError("damaged", `cannot read the manifest of ${what}: ${fact}`);
}

export function oldSchema(what: string): DvmError {
  return new DvmError(
    "unsupported",
    `cannot pull ${what}: its manifest is of schema 1, which nothing writes any more`,
    { hint: "push the image again with a current tool" },
  );
}

export function isOldSchema(mediaType: string): boolean {
  return schema1.test(mediaType);
}
