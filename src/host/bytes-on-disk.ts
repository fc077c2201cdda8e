import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ignore } from "../base/errors.ts";

const blockBytes = 512;

/** What a file, or a folder with all that is in it, takes on the disk; 0 of what isn't there. */
export async function bytesOnDisk(path: string): Promise<number> {
  const top = await ignore("ENOENT", () => lstat(path));
  if (top === undefined) return 0;
  let sum = top.blocks * blockBytes;
  const folders = top.isDirectory() ? [path] : [];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const parent = folder;
    const entries = (await ignore("ENOENT", () => readdir(parent, { withFileTypes: true }))) ?? [];
    for (const entry of entries) {
      const child = join(parent, entry.name);
      const found = await ignore("ENOENT", () => lstat(child));
      sum += (found?.blocks ?? 0) * blockBytes;
      if (entry.isDirectory()) folders.push(child);
    }
  }
  return sum;
}
