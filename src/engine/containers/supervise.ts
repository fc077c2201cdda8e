import { describeError } from "../../base/errors.ts";
import type { Engine, HeldContainer } from "../core.ts";
import type { ContainerRecord } from "../records.ts";
import type { Run, RunEnd } from "../runs.ts";
import { announceOutOfMemory } from "./watch-memory.ts";
import { afterEnd } from "./after-end.ts";
import { type Exit, noteEnd } from "./note-end.ts";

const lostExitCode = 255;
const killedExitCode = 137;

/** Waits for the end of a run and puts everything in order after it. Never rejects. */
export async function supervise(engine: Engine, id: string, run: Run): Promise<void> {
  try {
    const end = await run.ended();
    if (end === undefined) return;
    const record = await engine.containers.change(id, (held) => finish(engine, held, { run, end }));
    if (!run.willStartAgain) await afterEnd(engine, record);
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
  const exit = exitOf(end);
  if (exit.oomKilled && !run.ranOutOfMemory) announceOutOfMemory(engine, id, run);
  // as Docker has it, whichever process it was
  return noteEnd(engine, held, { ...exit, oomKilled: exit.oomKilled || run.ranOutOfMemory });
}

function exitOf(end: RunEnd): Exit {
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
  return run.mounts.some(
    ({ kind, readOnly }) => kind === "volume" || (kind !== "tmpfs" && !readOnly),
  );
}
