import { DvmError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import {
  makeVolumeFolder,
  removeEmptyVolume,
  removeVolumeFolder,
  volumeFolder,
} from "../../storage/volumes.ts";
import { timestamp } from "../../base/timestamps.ts";
import type { Engine } from "../core.ts";
import type { VolumeRecord } from "../records.ts";

/** A volume as the Engine API shows it. */
export function describeVolume(engine: Engine, volume: VolumeRecord) {
  return {
    Name: volume.name,
    Driver: "local",
    Mountpoint: volumeFolder(engine.parts.places.dataRoot, volume.name),
    CreatedAt: volume.createdAt.replace(/\.\d+/, ""),
    Labels: Object.keys(volume.labels).length === 0 ? null : volume.labels,
    Scope: "local",
    Options: null,
  };
}

export function findVolume(engine: Engine, name: string): VolumeRecord {
  const volume = engine.state.volumes().find((one) => one.name === name);
  if (volume === undefined) throw new DvmError("not-found", `get ${name}: no such volume`);
  return volume;
}

/** The volume's folder; the volume is made when there's none. */
export async function ensureVolume(
  engine: Engine,
  name: string,
  anonymous: boolean,
): Promise<string> {
  const known = engine.state.volumes().some((one) => one.name === name);
  if (!known) await createVolume(engine, { name, labels: {}, anonymous });
  return makeVolumeFolder(engine.parts.places.dataRoot, name);
}

export async function createVolume(
  engine: Engine,
  request: { name: string; labels: Record<string, string>; anonymous: boolean },
): Promise<VolumeRecord> {
  const anonymous = request.anonymous || request.name === "";
  const name = request.name === "" ? newId() : request.name;
  const existing = engine.state.volumes().find((one) => one.name === name);
  if (existing !== undefined) return existing;
  if (name.length === 1)
    throw new DvmError(
      "invalid",
      `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
    );
  const { dataRoot } = engine.parts.places;
  const labels = anonymous
    ? { ...request.labels, "com.docker.volume.anonymous": "" }
    : request.labels;
  const volume = { name, createdAt: timestamp(), labels, anonymous };
  await makeVolumeFolder(dataRoot, name);
  try {
    engine.state.saveVolume(volume);
  } catch (error) {
    await removeEmptyVolume(dataRoot, name);
    throw error;
  }
  engine.events.emit("volume", "create", name, { driver: "local" });
  return volume;
}

/** Removes a volume that no container has, but for `except`, by its id. */
export async function removeVolume(engine: Engine, name: string, except = ""): Promise<void> {
  findVolume(engine, name);
  const users = volumeUsers(engine, name).filter((id) => id !== except);
  if (users.length > 0) {
    throw new DvmError("conflict", `remove ${name}: volume is in use - [${users.join(", ")}]`);
  }
  await removeVolumeFolder(engine.parts.places.dataRoot, name);
  engine.state.deleteVolume(name);
  engine.events.emit("volume", "destroy", name, { driver: "local" });
}

/** Ids of the containers that have a volume. */
export function volumeUsers(engine: Engine, name: string): string[] {
  return engine.containers
    .list()
    .filter(({ run }) => run.mounts.some(({ volume }) => volume === name))
    .map(({ id }) => id);
}
