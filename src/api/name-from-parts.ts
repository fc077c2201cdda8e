import { DvmError } from "../base/errors.ts";
import { nameToGive, tagPattern } from "../engine/images.ts";

/** `repository:tag` of the parts as queries give them, for an image to be named so; undefined without a repository. */
export function nameFromParts(repo = "", tag = ""): string | undefined {
  if (repo === "") return undefined;
  if (repo.includes("@")) throw new DvmError("invalid", "cannot import digest reference");
  const name = nameToGive(repo);
  if (tag === "") return name;
  if (!tagPattern.test(tag)) throw new DvmError("invalid", "invalid tag format");
  return `${name.slice(0, name.lastIndexOf(":"))}:${tag}`;
}
