import type { Engine } from "../core.ts";
import type { Run } from "../runs.ts";

/** Tells of processes that are killed for want of memory; `isNew`: this daemon has started the run. */
export function watchMemory(
  engine: Engine,
  id: string,
  { run, isNew }: { run: Run; isNew: boolean },
): void {
  let isTold = isNew; // what happened before a daemon came is no news
  run.machine.agent.onMemoryKills(id, () => {
    if (run.isOver) return; // its end tells
    if (isTold) announceOutOfMemory(engine, id, run);
    run.ranOutOfMemory = true;
    isTold = true;
  });
}

export function announceOutOfMemory(engine: Engine, id: string, run: Run): void {
  const record = engine.containers.get(id);
  if (record !== undefined && "run" in record.state && record.state.run === run)
    engine.announce("oom", record);
}
