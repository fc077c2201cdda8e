import { open, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { ignore } from "../../base/errors.ts";

/** A layer that is there already is as good: it has the same bytes. Whether `staged` was taken. */
export async function takeLayer(staged: string, target: string): Promise<boolean> {
  if ((await ignore("ENOENT", () => stat(target))) !== undefined) return false;
  await rename(staged, target);
  return true;
}

/** So that what was renamed into it is there after a loss of power, too. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

export function databaseFile(root: string): string {
  return join(root, "images.db");
}

/** A store of another version can't be read; it is kept beside, with its version's number. */
export async function setAside(root: string, version: number): Promise<void> {
  await rename(root, `${root}.version-${version}-${Date.now()}`);
}
