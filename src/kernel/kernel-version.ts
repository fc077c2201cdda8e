import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DvmError, ignore } from "../base/errors.ts";

/** Below zero when `a` is older than `b`, as in `6.1` and `6.12`. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** The version of unpacked sources, as in `6.1`. */
export async function readTreeVersion(tree: string): Promise<string> {
  const text = (await ignore("ENOENT", () => readFile(join(tree, "Makefile"), "utf8"))) ?? "";
  const version = /^VERSION = (\d+)$/m.exec(text)?.[1];
  const level = /^PATCHLEVEL = (\d+)$/m.exec(text)?.[1];
  if (version === undefined || level === undefined)
    throw new DvmError("damaged", "cannot build a kernel: its source is no Linux");
  return `${version}.${level}`;
}
