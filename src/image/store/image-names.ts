import { DvmError } from "../../base/errors.ts";
import { parseReference, type Reference } from "../reference.ts";

interface NamedImage {
  /** As docker shows them: `busybox:latest`. */
  references: string[];
  /** `busybox@sha256:…` */
  digests: string[];
}

/** What of an image's names a removal by `nameOrId` takes. */
export function namesToTake(image: NamedImage, nameOrId: string) {
  const reference = referenceOf(nameOrId);
  if (reference === undefined || !isNamed(image, reference)) {
    const { references, digests } = image;
    return { references, digests, byName: undefined, length: references.length + digests.length };
  }
  const references = image.references.filter((name) => name === reference.familiar);
  const others = image.references.filter((name) => name !== reference.familiar);
  const repository = reference.familiarName;
  const stillNamed = others.some((name) => parseReference(name).familiarName === repository);
  const digests = image.digests.filter((name) =>
    reference.digest === undefined
      ? !stillNamed && name.startsWith(`${repository}@`)
      : name === `${repository}@${reference.digest}`,
  );
  return {
    references,
    digests,
    byName: reference.familiar,
    length: references.length + digests.length,
  };
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
