import { mkdir, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { DvmError } from "../base/errors.ts";
import { isVolumeEmpty } from "../storage/volumes.ts";
import type { ContainerRecord, MountPoint } from "./container-record.ts";
import type { Engine } from "./engine.ts";
import type { PlacedMount } from "./machine-plan.ts";
import { checkBindSource } from "./mount-points.ts";
import { ensureVolume } from "./volumes.ts";

/** Finds, for this run, where on the host each bind and volume is. */
export async function placeMounts(engine: Engine, record: ContainerRecord): Promise<PlacedMount[]> {
  const placed: PlacedMount[] = [];
  const isRoot = process.getuid?.() === 0;
  for (const [index, mount] of record.mounts.entries()) {
    if (mount.Type === "tmpfs") continue;
    if (mount.Type === "volume") placed.push(await placeVolume(engine, mount, isRoot));
    else placed.push(await placeBind(engine, { record, mount, index, isRoot }));
  }
  return placed;
}

async function placeVolume(
  engine: Engine,
  mount: MountPoint,
  isRoot: boolean,
): Promise<PlacedMount> {
  const name = mount.Name ?? "";
  const folder = await ensureVolume(engine, name, mount.anonymous ?? false);
  const populate = await isVolumeEmpty(engine.parts.places.dataRoot, name);
  return { mount, folder, populate, owners: isRoot ? "real" : "mapped" };
}

interface BindPlace {
  record: ContainerRecord;
  mount: MountPoint;
  index: number;
  isRoot: boolean;
}

/** A folder is shared as it is; a file alone, in a folder of its own, so that its siblings stay unseen. */
async function placeBind(engine: Engine, place: BindPlace): Promise<PlacedMount> {
  const { mount } = place;
  await checkBindSource(mount.Source);
  const owners = place.isRoot ? "real" : "ours";
  if ((await stat(mount.Source)).isDirectory()) {
    return { mount, folder: mount.Source, populate: false, owners };
  }
  const folder = join(engine.runFolder(place.record.id), "files", String(place.index));
  const name = basename(mount.Source);
  const target = join(folder, name);
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await writeFile(target, "");
  } catch (cause) {
    throw new DvmError("unavailable", `cannot share ${mount.Source}: no room for it in ${folder}`, {
      cause,
    });
  }
  return { mount, folder, file: { source: mount.Source, target, name }, populate: false, owners };
}
