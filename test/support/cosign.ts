import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { digestOf } from "../../src/image/digest.ts";
import type { Artifacts } from "./memory-artifacts.ts";

export interface SigningKey {
  /** The public half, in PEM. */
  publicPem: string;
  sign(data: Uint8Array): Buffer;
}

export interface Claim {
  digest: string;
  /** Simple signing only. */
  repository?: string;
  /** `critical.type`, or the statement's `predicateType`. */
  type?: string;
}

const simpleSigningType = "cosign container image signature";
const signPredicate = "https://sigstore.dev/cosign/sign/v1";
const statementType = "application/vnd.in-toto+json";
const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";

/** A new key of a kind that cosign makes or imports. */
export function signingKey(kind: "p256" | "p384" | "rsa" | "ed25519" = "p256"): SigningKey {
  const { privateKey, publicKey } = keyPair(kind);
  const hash = { p256: "sha256", p384: "sha384", rsa: "sha256", ed25519: null }[kind];
  return {
    publicPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    sign: (data) => sign(hash, data, privateKey),
  };
}

/** What `cosign sign --new-bundle-format=false` puts beside an image. */
export function simpleSigning(signer: SigningKey, ...claims: Claim[]): Artifacts {
  const [first] = claims;
  const blobs: Record<string, string> = {};
  const layers = claims.map(({ digest, repository = "", type = simpleSigningType }) => {
    const payload = JSON.stringify({
      critical: {
        identity: { "docker-reference": repository },
        image: { "docker-manifest-digest": digest },
        type,
      },
      optional: null,
    });
    blobs[digestOf(payload)] = payload;
    const signature = signer.sign(Buffer.from(payload)).toString("base64");
    return {
      ...descriptor("application/vnd.dev.cosign.simplesigning.v1+json", payload),
      annotations: { "dev.cosignproject.cosign/signature": signature },
    };
  });
  const tag = `${(first?.digest ?? "").replace(":", "-")}.sig`;
  return { manifests: { [tag]: imageManifest(layers, blobs) }, blobs };
}

/** What cosign's version 3 puts beside an image: a bundle that refers to it. */
export function bundle(signer: SigningKey, { digest, type = signPredicate }: Claim): Artifacts {
  const payload = JSON.stringify({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ digest: { sha256: digest.slice("sha256:".length) } }],
    predicateType: type,
    predicate: {},
  });
  const encoded = `DSSEv1 ${statementType.length} ${statementType} ${payload.length} ${payload}`;
  const text = JSON.stringify({
    mediaType: bundleType,
    verificationMaterial: { publicKey: { hint: "" } },
    dsseEnvelope: {
      payload: Buffer.from(payload).toString("base64"),
      payloadType: statementType,
      signatures: [{ sig: signer.sign(Buffer.from(encoded)).toString("base64") }],
    },
  });
  const blobs: Record<string, string> = { [digestOf(text)]: text };
  const manifest = imageManifest([descriptor(bundleType, text)], blobs);
  const manifests = [{ ...descriptor(manifestType, manifest), artifactType: bundleType }];
  const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
  return {
    manifests: { [digestOf(manifest)]: manifest, [digest.replace(":", "-")]: index },
    blobs,
  };
}

function imageManifest(layers: object[], blobs: Record<string, string>): string {
  const config = "{}";
  blobs[digestOf(config)] = config;
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers,
  });
}

function descriptor(mediaType: string, text: string) {
  return { mediaType, size: Buffer.byteLength(text), digest: digestOf(text) };
}

function keyPair(kind: string): { privateKey: KeyObject; publicKey: KeyObject } {
  if (kind === "rsa") return generateKeyPairSync("rsa", { modulusLength: 2048 });
  if (kind === "ed25519") return generateKeyPairSync("ed25519");
  return generateKeyPairSync("ec", { namedCurve: kind === "p256" ? "P-256" : "P-384" });
}
