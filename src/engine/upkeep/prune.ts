import { bytesOnDisk } from "../../host/bytes-on-disk.ts";
import { volumeFolder } from "../../storage/volumes.ts";
import { type ContainerRecord, isRunning, type VolumeRecord } from "../records.ts";
import { scratchBytesOf } from "./disk-usage.ts";
import type { Engine, Image } from "../core.ts";
import { removeContainer } from "../containers.ts";
import { removeVolume, volumeUsers } from "../volumes.ts";

/** What a removal of an image by name or id did, step by step. */
export type ImageRemoval = { untagged?: string; deleted?: string };

/** Removes an image, or one of its names, and what was made for its machines. */
export async function removeImage(
  engine: Engine,
  nameOrId: string,
  force: boolean,
): Promise<ImageRemoval[]> {
  const { images } = engine.parts;
  const { id } = images.find(nameOrId);
  const inUse = (image: string) =>
    engine.containers.list().find(({ run }) => run.imageId === image)?.id;
  const removed = await images.remove(nameOrId, { force, inUse });
  const gone = removed.flatMap(({ deleted }) => deleted ?? []);
  await engine.supply.forgetImages(gone);
  for (const image of gone) engine.state.deleteFit(image);
  for (const { untagged, deleted } of removed) {
    if (untagged !== undefined) engine.events.emit("image", "untag", id, { name: id });
    if (deleted === id) engine.events.emit("image", "delete", id, { name: id });
  }
  return removed;
}

/** Removes the images that `isWanted` picks and no container has. */
export async function pruneImages(
  engine: Engine,
  isWanted: (image: Image) => boolean,
): Promise<{ removed: ImageRemoval[]; freedBytes: number }> {
  const { images } = engine.parts;
  const used = new Set(engine.containers.list().map(({ run }) => run.imageId));
  const before = await images.diskBytes();
  const removed: ImageRemoval[] = [];
  for (const image of images.list())
    if (!used.has(image.id) && isWanted(image))
      removed.push(...(await removeImage(engine, image.id, true)));
  const freedBytes = Math.max(0, before - (await images.diskBytes()));
  engine.events.emit("image", "prune", "", { reclaimed: String(freedBytes) });
  return { removed, freedBytes };
}

/** Removes the containers that don't run and that `isWanted` picks. */
export async function pruneContainers(
  engine: Engine,
  isWanted: (record: ContainerRecord) => boolean,
): Promise<{ ids: string[]; freedBytes: number }> {
  const ended = engine.containers.list().filter((one) => !isRunning(one) && isWanted(one));
  let freedBytes = 0;
  for (const { id } of ended) {
    freedBytes += await scratchBytesOf(engine, id);
    await removeContainer(engine, id, { force: false, volumes: false });
  }
  engine.events.emit("container", "prune", "", { reclaimed: String(freedBytes) });
  return { ids: ended.map(({ id }) => id), freedBytes };
}

/** Removes the volumes that no container has and that `isWanted` picks. */
export async function pruneVolumes(
  engine: Engine,
  isWanted: (volume: VolumeRecord) => boolean,
): Promise<{ names: string[]; freedBytes: number }> {
  const unused = engine.state
    .volumes()
    .filter((one) => volumeUsers(engine, one.name).length === 0 && isWanted(one));
  let freedBytes = 0;
  for (const { name } of unused) {
    freedBytes += await bytesOnDisk(volumeFolder(engine.parts.places.dataRoot, name));
    await removeVolume(engine, name);
  }
  engine.events.emit("volume", "prune", "", { reclaimed: String(freedBytes) });
  return { names: unused.map(({ name }) => name), freedBytes };
}
