import { type Engine, hasEnded } from "../core.ts";
import { type ContainerRecord, machineOf } from "../records.ts";

/**
 * Ends a container in a machine that stands still and could not be taken up, and all others in it.
 * False: it is no such container.
 */
export async function endParked(engine: Engine, record: ContainerRecord): Promise<boolean> {
  const parked = engine.space.parked.get(machineOf(record) ?? "");
  if (record.state.kind !== "detached" || parked === undefined) return false;
  await parked.machine.kill();
  await engine.containers.waitFor(record.id, hasEnded);
  return true;
}
