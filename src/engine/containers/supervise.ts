import { describeError } from "../../base/errors.ts";
import { timestamp } from "../../base/timestamps.ts";
import type { Engine, HeldContainer } from "../core.ts";
import type { ContainerRecord } from "../records.ts";
import type { Run, RunEnd } from "../runs.ts";
import { removeContainer } from "./remove-container.ts";

const lostExitCode = 255;
const killedExitCode = 137;

/** Waits for the end of a run and puts everything in order after it. Never rejects. */
export async function supervise(engine: Engine, id: string, run: Run): Promise<void> {
  try {
    const end = await run.ended();
    if (end === undefined) return;
    const { run: specification } = await engine.containers.change(id, (held) =>
      finish(engine, held, { run, end }),
    );
    if (specification.removeWhenEnded && !run.willStartAgain)
      await removeContainer(engine, id, { force: true, volumes: true });
  } catch (error) {
    engine.parts.log(`cannot end container ${id} in order: ${describeError(error)}`);
  }
}

/** Nobody hears of the end before it is stored, and nothing of the run is left when they do. */
async function finish(
  engine: Engine,
  held: HeldContainer,
  { run, end }: { run: Run; end: RunEnd },
): Promise<ContainerRecord> {
  const { id, run: specification } = held.record;
  const isForgotten = specification.removeWhenEnded && !run.willStartAgain;
  const keepsDisks = !isForgotten || hasWritableShares(held.record);
  try {
    await run.release({ keepsDisks });
  } catch (error) {
    engine.parts.log(`cannot take away what a run of ${id} has left: ${describeError(error)}`);
  }
  engine.execs.forgetContainer(id);
  const record = held.apply({ kind: "ended", at: timestamp(), ...exitOf(end) });
  engine.streams(id).end();
  engine.announce("die", record, {
    execDuration: String(secondsOf(record)),
    exitCode: String(exitOf(end).exitCode),
  });
  return record;
}

/** How long its last run was, in whole seconds. */
function secondsOf({ state }: ContainerRecord): number {
  if (state.kind !== "exited") return 0;
  const milliseconds = Date.parse(state.finishedAt) - Date.parse(state.startedAt);
  return Math.max(0, Math.floor(milliseconds / 1000));
}

function exitOf(end: RunEnd): { exitCode: number; oomKilled: boolean; error: string } {
  if (end.kind === "exited") {
    const { exitCode, oomKilled } = end;
    return { exitCode, oomKilled, error: "" };
  }
  const nothing = { oomKilled: false, error: "" };
  if (end.killed) return { ...nothing, exitCode: killedExitCode };
  return { ...nothing, exitCode: lostExitCode, error: lostMessage(end.console) };
}

function lostMessage(console: string): string {
  return `the machine ended without an exit code${console === "" ? "" : `; its console ends:\n${console}`}`;
}

function hasWritableShares({ run }: ContainerRecord): boolean {
  return run.mounts.some(({ kind, readOnly }) => kind !== "tmpfs" && !readOnly);
}
