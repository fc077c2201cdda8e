import type { Engine } from "../core.ts";
import type { ContainerRecord } from "../records.ts";
import type { Run } from "../runs.ts";
import { runOf } from "./run-of.ts";

/**
 * Asks the agent of a container that runs for something. One that is paused stands still meanwhile;
 * its machine is woken for so long.
 */
export async function whileAwake<T>(
  engine: Engine,
  { id }: Pick<ContainerRecord, "id">,
  action: (run: Run) => Promise<T>,
): Promise<T> {
  const record = engine.containers.find(id);
  if (record.state.kind !== "paused") return action(runOf(record));
  return engine.containers.change(id, async (held) => {
    const run = runOf(held.record);
    return held.record.state.kind === "paused" ? run.whileAwake(() => action(run)) : action(run);
  });
}
