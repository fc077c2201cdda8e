import { DvmError } from "../base/errors.ts";
import { isRunning, type ContainerRecord } from "./container-record.ts";
import type { Engine } from "./engine.ts";
import { removeVolume } from "./volumes.ts";

interface RemoveOptions {
  force: boolean;
  /** Its anonymous volumes too. */
  volumes: boolean;
}

/** Removes a container with its disk and log. A running one only by force, which ends it first. */
export async function removeContainer(
  engine: Engine,
  id: string,
  options: RemoveOptions,
): Promise<void> {
  const found = engine.find(id);
  if (isRunning(found)) {
    if (!options.force) {
      const doing = found.state.kind === "paused" ? "paused" : "running";
      throw new DvmError(
        "conflict",
        `cannot remove container "/${found.name}": container is ${doing}: stop the container before removing or force remove`,
      );
    }
    await endForRemoval(engine, found);
  }
  await engine.exclusive(found.id, async () => {
    if (!engine.containers().some((one) => one.id === found.id)) return; // --rm was quicker
    await engine.trash.throwAway(engine.containerFolder(found.id));
    engine.forget(found.id);
    engine.announce("destroy", found);
  });
  if (options.volumes) await removeAnonymousVolumes(engine, found);
}

async function endForRemoval(engine: Engine, record: ContainerRecord): Promise<void> {
  const run = engine.runs.get(record.id);
  await run?.killMachine();
  await engine.waitFor(() => {
    const now = engine.containers().find((one) => one.id === record.id);
    return now === undefined || !isRunning(now) ? true : undefined;
  });
}

async function removeAnonymousVolumes(engine: Engine, record: ContainerRecord): Promise<void> {
  for (const mount of record.mounts) {
    if (mount.anonymous !== true || mount.Name === undefined) continue;
    const inUse = engine
      .containers()
      .some((one) => one.mounts.some(({ Name }) => Name === mount.Name));
    const known = engine.state.volumes().some((one) => one.name === mount.Name);
    if (known && !inUse) await removeVolume(engine, mount.Name);
  }
}
