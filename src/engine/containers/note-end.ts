import { timestamp } from "../../base/timestamps.ts";
import type { Engine, HeldContainer } from "../core.ts";
import { endNetworks } from "../networks.ts";
import { leaveMounts } from "../plan.ts";
import { announceReleased } from "./announce-resources.ts";
import { type ContainerRecord, decideRestart, healthUnchecked } from "../records.ts";

export interface Exit {
  exitCode: number;
  oomKilled: boolean;
  error: string;
}

/**
 * Gives its places in networks back, stores that a container's run is over, and whether its restart policy starts it again; lets go of
 * who is attached, and tells of it: in this order.
 */
export async function noteEnd(
  engine: Engine,
  held: HeldContainer,
  exit: Exit,
): Promise<ContainerRecord> {
  const { id, state } = held.record;
  if ("endpoints" in state) await endNetworks(engine, id, state.endpoints);
  const ranMs = runTimeOf(held.record);
  const stops = "run" in held.record.state ? held.record.state.run.stops : 0;
  const restart = decideRestart(held.record, { exitCode: exit.exitCode, ranMs });
  const at = timestamp();
  const restartsAt =
    restart === undefined ? undefined : timestamp(new Date(Date.now() + restart.delayMs));
  const record = held.apply(
    { kind: "ended", at, restartsAt, ...exit },
    {
      ...healthUnchecked(held.record.health),
      ...(restart === undefined ? {} : { restart, restartCount: held.record.restartCount + 1 }),
    },
  );
  engine.streams(id).end();
  announceReleased(engine, record);
  // dockerd's stop wakes up by the end itself, and so speaks first
  for (let told = 0; told < stops; told += 1) engine.announce("stop", record);
  engine.announce("die", record, {
    execDuration: String(Math.floor(ranMs / 1000)),
    exitCode: String(exit.exitCode),
  });
  leaveMounts(engine, record);
  return record;
}

function runTimeOf({ state }: ContainerRecord): number {
  return "startedAt" in state ? Math.max(0, Date.now() - Date.parse(state.startedAt)) : 0;
}
