import { createPublicKey, verify, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { DvmError, systemErrorCode } from "../../base/errors.ts";
import { digestOf } from "../digest.ts";

/** A public key that a policy trusts. */
export interface TrustedKey {
  key: KeyObject;
  /** `sha256:…` of the key in DER (SubjectPublicKeyInfo). */
  fingerprint: string;
  /** Its file; undefined of one that is written in the policy itself. */
  path: string | undefined;
}

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----/g;
const maximumKeyBytes = 16 * 1024;
const smallestRsaBits = 2048;
/**
 * Hashes under which signatures of a curve are taken. For P-384 cosign took SHA-256 in version 2 and
 * takes SHA-384 since.
 */
const hashesOfCurve: Record<string, readonly string[]> = {
  prime256v1: ["sha256"],
  secp384r1: ["sha384", "sha256"],
};

/** Reads a key from PEM text, or from the file of that path; relative paths begin at `folder`. */
export async function readTrustedKey(pemOrPath: string, folder: string): Promise<TrustedKey> {
  const isText = pemOrPath.includes("-----BEGIN");
  const path = isText ? undefined : resolve(folder, pemOrPath);
  const pem = path === undefined ? pemOrPath : await readKeyFile(path);
  const key = parsePublicKey(pem, path ?? "the key");
  const der = key.export({ type: "spki", format: "der" });
  return { key, path, fingerprint: digestOf(der) };
}

/** Whether `signature` is this key's over `data`: ECDSA in DER, RSA by PKCS #1 v1.5, or Ed25519. */
export function isSignedBy({ key }: TrustedKey, data: Uint8Array, signature: Uint8Array): boolean {
  return hashesFor(key).some((hash) => verify(hash, data, key, signature));
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new DvmError("invalid", `${path} can't be read: ${systemErrorCode(cause) ?? "?"}`);
  }
}

function parsePublicKey(pem: string, what: string): KeyObject {
  const labels = [...pem.matchAll(pemBlock)].map(([, label]) => label);
  if (labels.length !== 1 || labels[0] !== "PUBLIC KEY" || pem.length > maximumKeyBytes) {
    const found = labels.length === 0 ? "none" : labels.join(", ");
    throw new DvmError("invalid", `${what} must hold one PUBLIC KEY in PEM, and holds ${found}`);
  }
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new DvmError("invalid", `${what} holds no key that can be read`);
  }
  checkKind(key, what);
  return key;
}

function checkKind(key: KeyObject, what: string): void {
  const { namedCurve = "", modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const kind = key.asymmetricKeyType ?? "?";
  if (kind === "ed25519") return;
  if (kind === "ec" && namedCurve in hashesOfCurve) return;
  if (kind === "rsa" && modulusLength >= smallestRsaBits) return;
  const more =
    kind === "ec" ? ` on ${namedCurve}` : kind === "rsa" ? `, ${modulusLength} bits` : "";
  throw new DvmError(
    "invalid",
    `${what} is of a kind that isn't taken (${kind}${more}): only EC P-256 and P-384, RSA from ${smallestRsaBits} bits, Ed25519`,
  );
}

function hashesFor(key: KeyObject): readonly (string | null)[] {
  if (key.asymmetricKeyType === "ed25519") return [null];
  if (key.asymmetricKeyType === "rsa") return ["sha256"];
  return hashesOfCurve[key.asymmetricKeyDetails?.namedCurve ?? ""] ?? [];
}
