import { z } from "zod";

/* What an OCI layout says of itself (image-spec); lists may be null, as Go writes them. */

export const optional = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
const descriptor = z.object({
  mediaType: optional,
  digest: z.string(),
  artifactType: optional,
  platform: z
    .object({ architecture: z.string(), os: z.string(), variant: optional })
    .nullish()
    .transform((value) => value ?? undefined),
  annotations: z.record(z.string(), z.string()).nullish(),
});
export type Descriptor = z.infer<typeof descriptor>;
const descriptors = z.array(descriptor).nullable();
const absent = z.undefined().optional();
export const index = z.object({ manifests: descriptors });
const manifest = z.object({ artifactType: optional, config: descriptor, layers: descriptors });
export type ImageManifest = z.infer<typeof manifest>;
/** A document with both lists could mean one thing here and another elsewhere. */
export const indexOrManifest = z.union([
  index.extend({ config: absent, layers: absent }),
  manifest.extend({ manifests: absent }),
]);
