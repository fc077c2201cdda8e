import { z } from "zod";
import { DvmError, describeError } from "../../base/errors.ts";
import { tryParseJson } from "../../base/parse-json.ts";
import { digestPattern } from "../digest.ts";
import { signPredicate, statementType, type Signature } from "./check-signature.ts";

/** What a repository has beside its images, as a client gives it. Errors are `DvmError`s. */
export interface ArtifactSource {
  /** Undefined when there is none. */
  manifest(tagOrDigest: string): Promise<Uint8Array | undefined>;
  /** The index of what refers to a manifest, where the registry knows of such things. */
  referrers(digest: string): Promise<Uint8Array | undefined>;
  /** Its digest is checked. */
  blob(descriptor: ArtifactDescriptor): Promise<Uint8Array>;
}

export type FoundSignature = Signature | { problem: string };

const simpleSigningMedia = "application/vnd.dev.cosign.simplesigning.v1+json";
const bundleMedia =
  /^application\/vnd\.dev\.sigstore\.bundle(\.v0\.\d+\+json|\+json;version=0\.\d+)$/;
const signatureAnnotation = "dev.cosignproject.cosign/signature";
const predicateAnnotation = "dev.sigstore.bundle.predicateType";

/** Of one image. */
const maximumSignatures = 64;
const maximumReferrers = 64;
const maximumPayloadBytes = 64 * 1024;
const maximumBundleBytes = 256 * 1024;
const maximumSignatureLength = 4096;

const descriptorSchema = z.object({
  mediaType: z.string().max(256),
  digest: z.string().regex(digestPattern),
  size: z.int().nonnegative(),
  annotations: z.record(z.string(), z.string()).nullish(),
});
const manifestSchema = z.object({ layers: z.array(descriptorSchema).max(1024) });
const indexSchema = z.object({ manifests: z.array(descriptorSchema).max(4096) });
const bundleSchema = z.object({
  dsseEnvelope: z.object({
    payload: z.base64(),
    payloadType: z.literal(statementType),
    signatures: z.array(z.object({ sig: z.base64() })).length(1),
  }),
});

type ArtifactDescriptor = z.infer<typeof descriptorSchema>;

/**
 * The signatures of a manifest, in both forms that cosign writes: under the tag `sha256-‹hex›.sig`
 * ("simple signing", its SIGNATURE_SPEC), and as sigstore bundles that refer to the manifest (its
 * BUNDLE_SPEC), by the referrers API or the tag `sha256-‹hex›`. What can't be read is told of and
 * passed over; a registry that fails is an error.
 */
export async function* findSignatures(
  source: ArtifactSource,
  digest: string,
): AsyncGenerator<FoundSignature> {
  const tag = digest.replace(":", "-");
  let left = maximumSignatures;
  for await (const manifest of signatureManifests(source, { digest, tag }))
    for (const layer of layersOf(manifest)) {
      left -= 1;
      if (left < 0) {
        yield { problem: `there are more than ${maximumSignatures}` };
        return;
      }
      yield await readSignature(source, layer);
    }
}

async function* signatureManifests(
  source: ArtifactSource,
  { digest, tag }: { digest: string; tag: string },
): AsyncGenerator<Uint8Array> {
  const attached = await source.manifest(`${tag}.sig`);
  if (attached !== undefined) yield attached;
  const index = (await source.referrers(digest)) ?? (await source.manifest(tag));
  const referrers = indexSchema.safeParse(tryParseJson(index ?? "")).data?.manifests ?? [];
  for (const { digest: referrer } of referrers.filter(maySign).slice(0, maximumReferrers)) {
    const manifest = await source.manifest(referrer);
    if (manifest !== undefined) yield manifest;
  }
}

/** What says that it is an attestation needn't be fetched. */
function maySign({ annotations }: ArtifactDescriptor): boolean {
  return (annotations?.[predicateAnnotation] ?? signPredicate) === signPredicate;
}

function layersOf(manifest: Uint8Array): ArtifactDescriptor[] {
  const layers = manifestSchema.safeParse(tryParseJson(manifest)).data?.layers ?? [];
  return layers.filter(
    ({ mediaType }) => mediaType === simpleSigningMedia || bundleMedia.test(mediaType),
  );
}

async function readSignature(
  source: ArtifactSource,
  layer: ArtifactDescriptor,
): Promise<FoundSignature> {
  const isSimple = layer.mediaType === simpleSigningMedia;
  const most = isSimple ? maximumPayloadBytes : maximumBundleBytes;
  if (layer.size > most) return { problem: `it has ${layer.size} bytes, ${most} are allowed` };
  let content: Uint8Array;
  try {
    content = await source.blob(layer);
  } catch (error) {
    if (isPassing(error)) throw error;
    return { problem: describeError(error) };
  }
  if (content.length > most) return { problem: `it has more than ${most} bytes` };
  return isSimple
    ? simpleSigning(content, layer.annotations?.[signatureAnnotation])
    : bundleSignature(content);
}

function simpleSigning(payload: Uint8Array, signature: string | undefined): FoundSignature {
  const parsed = z.base64().min(1).max(maximumSignatureLength).safeParse(signature);
  if (!parsed.success) return { problem: "its annotation holds no signature" };
  return { form: "simple-signing", payload, signature: Buffer.from(parsed.data, "base64") };
}

function bundleSignature(content: Uint8Array): FoundSignature {
  const envelope = bundleSchema.safeParse(tryParseJson(content)).data?.dsseEnvelope;
  const [signature] = envelope?.signatures ?? [];
  if (envelope === undefined || signature === undefined)
    return { problem: "its bundle holds no signed statement" };
  return {
    form: "dsse",
    payload: Buffer.from(envelope.payload, "base64"),
    signature: Buffer.from(signature.sig, "base64"),
  };
}

/** Not a fault of the signature. */
function isPassing(error: unknown): boolean {
  return !(error instanceof DvmError) || !["damaged", "invalid", "not-found"].includes(error.code);
}
