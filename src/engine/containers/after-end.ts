import type { Engine } from "../core.ts";
import type { ContainerRecord } from "../records.ts";
import { removeContainer } from "./remove-container.ts";

/** What is to be done once a run has ended: another start by the restart policy, or the removal. */
export async function afterEnd(engine: Engine, { id, state, run }: ContainerRecord): Promise<void> {
  if (state.kind === "restarting") engine.restarts.set(id, state.dueAt);
  else if (run.removeWhenEnded) await removeContainer(engine, id, { force: true, volumes: true });
}
