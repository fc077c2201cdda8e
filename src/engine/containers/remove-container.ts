import { DvmError } from "../../base/errors.ts";
import { type Engine, hasEnded } from "../core.ts";
import { sweepRemovedImages } from "../images.ts";
import { type ContainerRecord, isRunning } from "../records.ts";
import { killSignal, type Run } from "../runs.ts";
import { endParked } from "./end-parked.ts";
import { announceKill } from "./announce-kill.ts";
import { noteSignal } from "./note-signal.ts";
import { removeAnonymousVolumes } from "./anonymous-volumes.ts";

interface RemoveOptions {
  force: boolean;
  /** Its anonymous volumes too. */
  volumes: boolean;
}

/** As {@link removeContainer}, for somebody who asks for it: two who do so at once hear of each other. */
export async function removeOnRequest(
  engine: Engine,
  container: string,
  options: RemoveOptions,
): Promise<void> {
  const { id } = engine.containers.find(container);
  await engine.containers.removeOnce(id, container, () => removeContainer(engine, id, options));
}

/** Removes a container with its disk and log. A running one only by force, which ends it first. */
export async function removeContainer(
  engine: Engine,
  id: string,
  options: RemoveOptions,
): Promise<void> {
  const found = engine.containers.find(id);
  if (isRunning(found)) await endForRemoval(engine, found, options);
  // it may have been started while the removal waited for it
  while (!(await removeEnded(engine, found.id, options)))
    await endForRemoval(engine, engine.containers.find(found.id), options);
}

/** False: it runs. One that has gone meanwhile is as good as removed: `--rm` was quicker. */
async function removeEnded(
  engine: Engine,
  id: string,
  { volumes }: RemoveOptions,
): Promise<boolean> {
  if (engine.containers.get(id) === undefined) return true;
  try {
    const isGone = await engine.containers.change(id, async (held) => {
      if (isRunning(held.record)) return false;
      await engine.trash.throwAway(engine.containerFolder(id));
      const { record } = held;
      if (volumes) await removeAnonymousVolumes(engine, record);
      held.remove();
      engine.forgetStreams(id);
      engine.execs.removeContainer(id);
      engine.announce("destroy", record);
      return true;
    });
    if (isGone) await sweepRemovedImages(engine);
    return isGone;
  } catch (error) {
    if (engine.containers.get(id) === undefined) return true;
    throw error;
  }
}

async function endForRemoval(
  engine: Engine,
  record: ContainerRecord,
  { force }: RemoveOptions,
): Promise<void> {
  const { id, name, state } = record;
  if (!force) {
    const doing =
      state.kind === "paused"
        ? "paused and must be unpaused first"
        : `${state.kind === "restarting" ? "restarting" : "running"}: stop the container before removing or force remove`;
    throw new DvmError("conflict", `cannot remove container "${name}": container is ${doing}`);
  }
  const running = await noteSignal(engine, record, killSignal);
  if (running === undefined) return;
  announceKill(engine, running, killSignal);
  if (await endParked(engine, running)) return;
  if ("run" in running.state) await endRun(engine, running.state.run);
  await engine.containers.waitFor(id, hasEnded);
}

async function endRun(engine: Engine, run: Run): Promise<void> {
  await engine.space.check(run.machine);
  await run.kill();
}
