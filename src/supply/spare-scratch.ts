import { rename, stat } from "node:fs/promises";
import { ignore } from "../base/errors.ts";
import { templateScratch, type Template } from "../machine/template-store.ts";
import { copyDisk } from "../storage/scratch.ts";

/**
 * Puts a copy of the template's scratch disk at `path`: the one that {@link spareScratch} has made,
 * where it is there still.
 */
export async function takeScratch({ folder }: Template, path: string): Promise<void> {
  const spare = await ignore("ENOENT", async () => {
    await rename(sparePath(folder), path);
    return true;
  });
  if (spare === undefined) await copyDisk(templateScratch(folder), path);
}

/** Makes a copy ahead: copying takes three milliseconds, renaming none. */
export async function spareScratch({ folder }: Template): Promise<void> {
  const path = sparePath(folder);
  const known = await ignore("ENOENT", () => stat(path));
  if (known === undefined) await copyDisk(templateScratch(folder), path);
}

function sparePath(folder: string): string {
  return `${templateScratch(folder)}.spare`;
}
