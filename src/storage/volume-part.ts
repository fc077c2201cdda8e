import { lstat, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DvmError, systemErrorCode } from "../base/errors.ts";

/**
 * Looks, in Docker's words, whether a part of a volume is there, and in it. Who mounts it must see to
 * that again: what is in a volume may change.
 */
export async function checkVolumePart(folder: string, subpath: string): Promise<void> {
  const path = join(folder, subpath);
  const [base, found] = await Promise.all([realpath(folder), realpath(path).catch(reasonOf)]);
  if (typeof found !== "string") throw await inaccessible(path, found);
  if (found !== base && !found.startsWith(`${base}/`))
    throw new DvmError(
      "invalid",
      `path concatenation escapes the base directory, base: ${folder}, subpath: ${subpath}`,
    );
}

async function inaccessible(path: string, { code }: { code: string | undefined }) {
  const word = code === "ENOENT" ? "no such file or directory" : (code ?? "unknown error");
  const isLink = await lstat(path).then(
    (status) => status.isSymbolicLink(),
    () => false,
  );
  // a link to what is only outside of the host's root, too
  return isLink
    ? new DvmError("invalid", `cannot access path ${path}: ${word}`)
    : new DvmError(
        "not-found",
        `cannot access path ${path}: lstat ${await firstMissing(path)}: ${word}`,
      );
}

/** The first folder above that isn't there, or it itself. */
async function firstMissing(path: string): Promise<string> {
  const parent = dirname(path);
  const isThere = await lstat(parent).then(
    () => true,
    () => false,
  );
  return isThere || parent === path ? path : firstMissing(parent);
}

function reasonOf(error: unknown): { code: string | undefined } {
  return { code: systemErrorCode(error) };
}
