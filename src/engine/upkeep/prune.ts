import { DvmError } from "../../base/errors.ts";
import { bytesOnDisk } from "../../host/bytes-on-disk.ts";
import { volumePlace } from "../../storage/volume-disk.ts";
import { type ContainerRecord, isRunning, type VolumeRecord } from "../records.ts";
import { scratchBytesOf } from "./disk-usage.ts";
import type { Engine, Image, ImageRemoval, ImageUsers } from "../core.ts";
import { removeContainer } from "../containers.ts";
import { imagesOf } from "../images.ts";
import { removeVolume, volumeUsers } from "../volumes.ts";

export interface RemoveImageOptions {
  force: boolean;
  /** Images that it was made of go with it, where nothing else needs them. */
  withParents: boolean;
}

/** Removes an image, or one of its names, and what was made for its machines. */
export async function removeImage(
  engine: Engine,
  nameOrId: string,
  options: RemoveImageOptions,
): Promise<ImageRemoval[]> {
  const { images } = engine.parts;
  const removed = await images.remove(nameOrId, {
    ...options,
    users: (image) => imageUsers(engine, image),
  });
  const gone = removed.flatMap(({ deleted }) => deleted ?? []);
  await engine.supply.forgetImages(gone);
  for (const image of gone) engine.state.deleteFit(image);
  for (const { untagged, deleted, of: id } of removed) {
    if (untagged !== undefined) engine.events.emit("image", "untag", id, { name: id });
    if (deleted === id) engine.events.emit("image", "delete", id, { name: id });
  }
  return removed;
}

function imageUsers(engine: Engine, image: string): ImageUsers {
  const users = engine.containers.list().filter(({ run }) => imagesOf(run).includes(image));
  const first = (wanted: boolean) => users.find((one) => isRunning(one) === wanted)?.id;
  return { running: first(true), stopped: first(false) };
}

/** Removes the images that `isWanted` picks and no container has. */
export async function pruneImages(
  engine: Engine,
  isWanted: (image: Image) => boolean,
): Promise<{ removed: ImageRemoval[]; freedBytes: number }> {
  const { images } = engine.parts;
  const used = new Set(engine.containers.list().flatMap(({ run }) => imagesOf(run)));
  const before = await images.diskBytes();
  const removed: ImageRemoval[] = [];
  for (const image of images.list()) {
    if (used.has(image.id) || !isWanted(image)) continue;
    const names = [...image.references, ...image.digests];
    for (const name of names.length === 0 ? [image.id] : names)
      removed.push(...(await removeUnlessNeeded(engine, name)));
  }
  const freedBytes = Math.max(0, before - (await images.diskBytes()));
  engine.events.emit("image", "prune", "", { reclaimed: String(freedBytes) });
  return { removed, freedBytes };
}

/** One that has gone meanwhile, or that something needs, is passed over. */
async function removeUnlessNeeded(engine: Engine, nameOrId: string): Promise<ImageRemoval[]> {
  try {
    return await removeImage(engine, nameOrId, { force: false, withParents: true });
  } catch (error) {
    if (error instanceof DvmError && ["conflict", "not-found"].includes(error.code)) return [];
    throw error;
  }
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
  for (const volume of unused) {
    freedBytes += await bytesOnDisk(volumePlace(engine.parts.places.dataRoot, volume));
    await removeVolume(engine, volume.name);
  }
  engine.events.emit("volume", "prune", "", { reclaimed: String(freedBytes) });
  return { names: unused.map(({ name }) => name), freedBytes };
}
