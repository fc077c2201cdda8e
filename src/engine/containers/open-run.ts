import type { GuestProcess } from "../../agent/agent-client.ts";
import { shortId } from "../../base/ids.ts";
import type { Engine } from "../core.ts";
import { ContainerLog, Run, type RunningMachine } from "../runs.ts";

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
  const position = machine.logPosition(containerId);
  const say = (message: string) =>
    engine.parts.log(`container ${shortId(containerId)}: ${message}`);
  const log = await ContainerLog.open(engine.logPath(containerId), position, { resume, say });
  return new Run({ ...run, log, streams: engine.streams(containerId) });
}
