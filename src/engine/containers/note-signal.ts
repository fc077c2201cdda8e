import type { Engine, HeldContainer } from "../core.ts";
import { stopSignal } from "../plan.ts";
import { type ContainerRecord, isUp } from "../records.ts";
import { killSignal } from "../runs.ts";

/**
 * Notes, before a signal is sent, what it means for the restart policy. Gives the container that is
 * to get it; undefined: none, it was about to be restarted, and is not any more.
 */
export async function noteSignal(
  engine: Engine,
  record: ContainerRecord,
  signal: number,
): Promise<ContainerRecord | undefined> {
  const { id, restart, run } = record;
  const isFinal = restart.isFinal || isToEnd(run, signal);
  engine.containers.note(id, { restart: { ...restart, isStoppedByHand: true, isFinal } });
  if (engine.containers.get(id)?.state.kind !== "restarting") return record;
  return engine.containers.change(id, async (held) => {
    giveUpRestart(engine, held);
    return isUp(held.record) ? held.record : undefined; // its restart may just have been done
  });
}

/** Whether a signal is taken for one to end the container: any, or where that names its own, that. */
export function isToEnd({ stop }: Pick<ContainerRecord["run"], "stop">, signal: number): boolean {
  return signal === killSignal || stop.signal === "" || stopSignal(stop.signal) === signal;
}

/** One that was about to be started by its policy is so no more. */
function giveUpRestart(engine: Engine, held: HeldContainer): void {
  const { id, state } = held.record;
  if (state.kind !== "restarting") return;
  engine.restarts.cancel(id);
  held.apply({ kind: "given-up" });
}
