import { describeError } from "../../base/errors.ts";
import type { DiskContent } from "../../machine/machine.ts";
import { isDisk } from "../../storage/disk-options.ts";
import { isReadable, makeVolumeDisk } from "../../storage/volume-disk.ts";
import { needsMount } from "../../storage/volume-options.ts";
import { volumeFolder } from "../../storage/volumes.ts";
import type { Engine } from "../core.ts";
import { type ContainerRecord, isRunning, type Mount } from "../records.ts";
import { ensureVolume, findVolume } from "./volumes.ts";

/**
 * Where on the host a container's volume is, with what it is of mounted there; `isRoot`: the daemon
 * may mount.
 */
export async function useVolume(
  engine: Engine,
  mount: Mount,
  { isRoot }: { isRoot: boolean },
): Promise<string> {
  const { volume = "" } = mount;
  const folder = await ensureVolume(engine, mount);
  const { options } = findVolume(engine, volume);
  const isBind = (options?.["o"] ?? "").split(",").some((word) => /^r?bind$/.test(word));
  // who may not mount can show a folder all the same
  if (needsMount(options) && !isRoot && isBind) return options["device"] ?? folder;
  if (needsMount(options)) await engine.volumeMounts.mount(folder, options);
  return folder;
}

/**
 * Gives a container a volume that is a disk, for all of its mounts of it; undefined: it is none. The
 * disk is made when there is none.
 */
export async function useVolumeDisk(
  engine: Engine,
  record: Pick<ContainerRecord, "id">,
  mounts: readonly [Mount, ...Mount[]],
): Promise<DiskContent | undefined> {
  const { volume: name = "" } = mounts[0];
  await ensureVolume(engine, mounts[0]);
  const found = findVolume(engine, name);
  if (!isDisk(found.options)) return undefined;
  const path = await makeVolumeDisk(engine.parts.places.dataRoot, found);
  const readOnly = mounts.every((mount) => mount.readOnly) && (await isReadable(path));
  const others = engine.containers.list().filter((one) => isRunning(one) && hasVolume(one, name));
  engine.diskClaims.claim(name, record.id, { readOnly, others: others.map(({ id }) => id) });
  return { format: "raw", path, readOnly };
}

function hasVolume({ run }: ContainerRecord, name: string): boolean {
  return run.mounts.some(({ volume }) => volume === name);
}

/** A container uses its volumes no more: what is mounted on those that nobody uses goes. */
export function leaveVolumes(engine: Engine, record: ContainerRecord): void {
  for (const { kind, volume } of record.run.mounts) {
    if (kind !== "volume" || volume === undefined) continue;
    engine.diskClaims.release(volume, record.id);
    letGo(engine, volume, record.id);
  }
}

/** After a daemon that was killed: what is mounted on volumes that nobody uses. */
export function leaveUnusedVolumes(engine: Engine): void {
  for (const { name, options } of engine.state.volumes())
    if (needsMount(options)) letGo(engine, name);
}

function letGo(engine: Engine, volume: string, except?: string): void {
  const { dataRoot } = engine.parts.places;
  const isUsed = () =>
    engine.containers
      .list()
      .some((one) => one.id !== except && isRunning(one) && hasVolume(one, volume));
  const known = engine.state.volumes().find(({ name }) => name === volume);
  if (!needsMount(known?.options)) return;
  engine.volumeMounts
    .unmount(volumeFolder(dataRoot, volume), () => !isUsed())
    .catch((error: unknown) => engine.parts.log(describeError(error)));
}
