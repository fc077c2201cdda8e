import { DvmError } from "../../base/errors.ts";
import { parseReference, type Reference } from "../reference.ts";

interface NamedImage {
  /** As docker shows them: `busybox:latest`. */
  references: string[];
  /** `busybox@sha256:…` */
  digests: string[];
}

export function isNamed(image: NamedImage, reference: Reference | undefined): boolean {
  if (reference === undefined) return false;
  const { familiar, familiarName, digest } = reference;
  if (digest === undefined) return image.references.includes(familiar);
  return image.digests.includes(`${familiarName}@${digest}`);
}

export function referenceOf(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

export function splitDigest(name: string): [repository: string, digest: string] {
  const at = name.lastIndexOf("@");
  return [name.slice(0, at), name.slice(at + 1)];
}

/** A name that an image can be given has a tag and no digest. */
export function nameToGive(text: string): string {
  const reference = parseReference(text);
  if (reference.digest !== undefined)
    throw new DvmError("invalid", `cannot name an image ${text}: a digest can't be given`);
  return reference.familiar;
}

/** One, or none where none is asked for. */
export function namesToGive(text: string | undefined): string[] {
  return text === undefined ? [] : [nameToGive(text)];
}
