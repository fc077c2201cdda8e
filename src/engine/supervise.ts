import { rm } from "node:fs/promises";
import { describeError } from "../base/errors.ts";
import { isRunning, timestamp, type ContainerRecord } from "./container-record.ts";
import type { Engine } from "./engine.ts";
import { removeContainer } from "./remove-container.ts";
import type { Run, RunEnd } from "./run.ts";

const lostExitCode = 255;
const killedExitCode = 137;

/** Waits for the end of a run and puts everything in order after it. Never rejects. */
export async function supervise(engine: Engine, id: string, run: Run): Promise<void> {
  try {
    const end = await run.ended();
    if (end === undefined) return;
    await engine.exclusive(id, () => finish(engine, id, run, end));
    if (engine.find(id).hostConfig.AutoRemove) {
      await removeContainer(engine, id, { force: true, volumes: true });
    }
  } catch (error) {
    engine.parts.log(`cannot end container ${id} in order: ${describeError(error)}`);
  }
}

async function finish(engine: Engine, id: string, run: Run, end: RunEnd): Promise<void> {
  const record = engine.find(id);
  engine.announce("die", record, { exitCode: String(exitCodeOf(end)) });
  await run.release({ keepsDisks: !record.hostConfig.AutoRemove || hasWritableShares(record) });
  engine.runs.delete(id);
  engine.execs.forgetContainer(id);
  await rm(engine.runFolder(id), { recursive: true, force: true });
  engine.streams(id).end();
  engine.save({ ...record, ports: [], state: exitedState(record, end) });
}

function exitedState(record: ContainerRecord, end: RunEnd): ContainerRecord["state"] {
  return {
    kind: "exited",
    startedAt:
      isRunning(record) && "startedAt" in record.state ? record.state.startedAt : record.createdAt,
    finishedAt: timestamp(),
    exitCode: exitCodeOf(end),
    oomKilled: end.kind === "exited" && end.oomKilled,
    error: end.kind === "lost" && !end.killed ? lostMessage(end.console) : "",
  };
}

function exitCodeOf(end: RunEnd): number {
  if (end.kind === "exited") return end.exitCode;
  return end.killed ? killedExitCode : lostExitCode;
}

function lostMessage(console: string): string {
  return `the machine ended without an exit code${console === "" ? "" : `; its console ends:\n${console}`}`;
}

function hasWritableShares(record: ContainerRecord): boolean {
  return record.mounts.some((mount) => mount.Type !== "tmpfs" && mount.RW);
}
