import { describeError } from "../../base/errors.ts";
import type { Engine } from "../core.ts";
import { isUp, startsWithDaemon } from "../records.ts";
import { afterEnd } from "./after-end.ts";
import { startAgain, startContainer } from "./start-container.ts";

/**
 * From now on restart policies start what has ended. Those of an earlier daemon go on at once: what
 * was to be started is, and what would have been removed at its end goes.
 */
export function followPolicies(engine: Engine): void {
  const { containers, restarts } = engine;
  restarts.whenDue((id) =>
    said(engine, id, () => containers.change(id, (held) => startAgain(engine, held))),
  );
  for (const record of containers.list()) {
    const { id, state, run } = record;
    if (isUp(record)) continue;
    if (state.kind === "exited" && startsWithDaemon(record, state.exitCode))
      restarts.follow(said(engine, id, () => startContainer(engine, id)));
    else if (state.kind === "restarting" || run.removeWhenEnded)
      restarts.follow(said(engine, id, () => afterEnd(engine, record)));
  }
}

/** Nobody waits for it: the log tells of what fails. */
async function said(engine: Engine, id: string, action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    engine.parts.log(`cannot follow the restart policy of ${id}: ${describeError(error)}`);
  }
}
