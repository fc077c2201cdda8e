import { mkdir, rename, rm } from "node:fs/promises";
import { askProcess } from "../ask-process.ts";

export interface ComposeRequest {
  /** The image's. */
  id: string;
  /** The folder that the disk is to have. */
  target: string;
  /** A folder of ours on the same file system, which isn't there yet. */
  work: string;
  layers: string[];
}

export const composePurpose = "make the image's disk";
const script = new URL("compose-process.ts", import.meta.url);

/**
 * Makes the disk of an image in `target` by a process of its own. One that is left behind by a daemon
 * that was killed writes nowhere but in `work`.
 */
export async function composeApart(request: ComposeRequest): Promise<void> {
  const { target, work } = request;
  await mkdir(work, { mode: 0o700 });
  try {
    await askProcess<void>(script, request, composePurpose);
    await rm(target, { recursive: true, force: true });
    await rename(work, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
