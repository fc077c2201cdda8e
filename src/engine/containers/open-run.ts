import type { GuestProcess } from "../../agent/agent-client.ts";
import type { Engine } from "../core.ts";
import { Run, type RunningMachine } from "../runs.ts";
import { openLog } from "./open-log.ts";

interface OpenRun {
  containerId: string;
  machine: RunningMachine;
  main: GuestProcess;
  tty: boolean;
  /** An earlier daemon began the run: its log goes on where that left off. */
  resume?: boolean;
}

/** From here on the output of a container's process goes to its log, and to who is attached. */
export async function openRun(engine: Engine, { resume = false, ...run }: OpenRun): Promise<Run> {
  const { containerId, machine } = run;
  const positionPath = machine.logPosition(containerId);
  const record = engine.containers.find(containerId);
  const log = await openLog(engine, record, { positionPath, resume });
  return new Run({ ...run, log, streams: engine.streams(containerId) });
}
