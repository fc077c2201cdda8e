import { describeError } from "../../base/errors.ts";
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

/** A container uses its volumes no more: what is mounted on those that nobody uses goes. */
export function leaveVolumes(engine: Engine, record: ContainerRecord): void {
  for (const { kind, volume } of record.run.mounts) {
    if (kind !== "volume" || volume === undefined) continue;
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
      .some(
        (one) =>
          one.id !== except && isRunning(one) && one.run.mounts.some((m) => m.volume === volume),
      );
  const known = engine.state.volumes().find(({ name }) => name === volume);
  if (!needsMount(known?.options)) return;
  engine.volumeMounts
    .unmount(volumeFolder(dataRoot, volume), () => !isUsed())
    .catch((error: unknown) => engine.parts.log(describeError(error)));
}
