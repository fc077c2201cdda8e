import { rm } from "node:fs/promises";
import { DvmError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import {
  makeVolumeFolder,
  removeEmptyVolume,
  removeVolumeFolder,
  volumeFolder,
} from "../../storage/volumes.ts";
import { diskBytes, isDisk } from "../../storage/disk-options.ts";
import { makeVolumeDisk, volumeDisk } from "../../storage/volume-disk.ts";
import { checkVolumeOptions } from "../../storage/volume-options.ts";
import { timestamp } from "../../base/timestamps.ts";
import type { Engine } from "../core.ts";
import type { Mount, VolumeRecord } from "../records.ts";

const localDriver = "local";

/** A volume as the Engine API shows it. */
export function describeVolume(engine: Engine, volume: VolumeRecord) {
  const { dataRoot } = engine.parts.places;
  return {
    Name: volume.name,
    Driver: localDriver,
    Mountpoint: volumeFolder(dataRoot, volume.name),
    // whole seconds, as Docker shows it
    CreatedAt: volume.createdAt.replace(/\.\d+/, ""),
    Labels: volume.unlabelled === true ? null : volume.labels,
    Scope: "local",
    Options: volume.options ?? null,
    ...(isDisk(volume.options) ? { Status: diskStatus(dataRoot, volume) } : {}),
  };
}

function diskStatus(dataRoot: string, { name, options = {} }: VolumeRecord) {
  return { Disk: { Path: volumeDisk(dataRoot, name), SizeBytes: diskBytes(options) } };
}

export function findVolume(engine: Engine, name: string): VolumeRecord {
  const volume = engine.state.volumes().find((one) => one.name === name);
  if (volume === undefined) throw new DvmError("not-found", `get ${name}: no such volume`);
  return volume;
}

/** The volume's folder; the volume is made when there's none. */
export async function ensureVolume(
  engine: Engine,
  { volume: name = "", anonymous = false, making }: Pick<Mount, "volume" | "anonymous" | "making">,
): Promise<string> {
  checkDriver(name, making?.driver ?? "");
  const known = engine.state.volumes().some((one) => one.name === name);
  const { labels = null, options = null } = making ?? {};
  if (!known) await createVolume(engine, { name, labels, options, anonymous });
  return makeVolumeFolder(engine.parts.places.dataRoot, name);
}

interface VolumeRequest {
  /** Empty: it gets one. */
  name: string;
  /** Null: nothing was said of them. */
  labels: Record<string, string> | null;
  options: Record<string, string> | null;
  anonymous: boolean;
}

/** There is one driver, `local`. */
export function checkDriver(name: string, driver: string): void {
  if (driver === "" || driver === localDriver) return;
  throw new DvmError(
    "not-found",
    `create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`,
  );
}

export async function createVolume(engine: Engine, request: VolumeRequest): Promise<VolumeRecord> {
  const anonymous = request.anonymous || request.name === "";
  const name = request.name === "" ? newId() : request.name;
  const existing = engine.state.volumes().find((one) => one.name === name);
  if (existing !== undefined) return existing;
  checkName(name);
  checkVolumeOptions(name, request.options ?? {});
  const { dataRoot } = engine.parts.places;
  const volume: VolumeRecord = {
    ...{ name, createdAt: timestamp(), anonymous },
    labels: { ...request.labels, ...(anonymous ? { "com.docker.volume.anonymous": "" } : {}) },
    ...(request.labels === null && !anonymous ? { unlabelled: true } : {}),
    ...(request.options === null ? {} : { options: request.options }),
  };
  await makeVolumeFolder(dataRoot, name);
  try {
    // what a daemon has left that was killed before it knew of the volume
    await rm(volumeDisk(dataRoot, name), { force: true });
    if (isDisk(volume.options)) await makeVolumeDisk(dataRoot, volume);
    engine.state.saveVolume(volume);
  } catch (error) {
    if (isDisk(volume.options)) await rm(volumeDisk(dataRoot, name), { force: true });
    await removeEmptyVolume(dataRoot, name);
    throw error;
  }
  engine.events.emit("volume", "create", name, { driver: localDriver });
  return volume;
}

function checkName(name: string): void {
  if (name.length === 1)
    throw new DvmError(
      "invalid",
      `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
    );
}

/** Removes a volume that no container has, but for `except`, by its id. */
export async function removeVolume(engine: Engine, name: string, except = ""): Promise<void> {
  findVolume(engine, name);
  const users = volumeUsers(engine, name).filter((id) => id !== except);
  if (users.length > 0) {
    throw new DvmError("conflict", `remove ${name}: volume is in use - [${users.join(", ")}]`);
  }
  const { dataRoot } = engine.parts.places;
  // what is mounted there is not the volume's to remove
  await engine.volumeMounts.unmount(volumeFolder(dataRoot, name), () => true);
  await removeVolumeFolder(dataRoot, name);
  engine.state.deleteVolume(name);
  engine.events.emit("volume", "destroy", name, { driver: localDriver });
}

/** Ids of the containers that have a volume. */
export function volumeUsers(engine: Engine, name: string): string[] {
  return engine.containers
    .list()
    .filter(({ run }) => run.mounts.some(({ volume }) => volume === name))
    .map(({ id }) => id);
}
