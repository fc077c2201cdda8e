import type { Engine } from "../core.ts";
import type { ContainerRecord } from "../records.ts";

/** Its own, and those that it mounts. */
export function imagesOf({ imageId, mounts }: ContainerRecord["run"]): string[] {
  return [imageId, ...mounts.flatMap(({ kind, source }) => (kind === "image" ? [source] : []))];
}

/** Deletes images that were removed by force while a container had them, when it has gone. */
export async function sweepRemovedImages(engine: Engine): Promise<void> {
  const used = new Set(engine.containers.list().flatMap(({ run }) => imagesOf(run)));
  const gone = await engine.parts.images.sweep((id) => used.has(id));
  if (gone.length === 0) return;
  await engine.supply.forgetImages(gone);
  for (const image of gone) engine.state.deleteFit(image);
}
