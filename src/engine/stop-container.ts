import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../base/errors.ts";
import { isRunning, type ContainerRecord } from "./container-record.ts";
import type { Engine } from "./engine.ts";
import type { Run } from "./run.ts";
import { signalNumber } from "./signals.ts";
import { startContainer } from "./start-container.ts";

const defaultStopTimeoutSeconds = 10;
const killSignal = 9;
/** How long a guest may take to end a process that got SIGKILL before its machine is ended. */
const killDeadlineMs = 5_000;

export interface StopOptions {
  signal?: string | undefined;
  /** -1: wait for ever. */
  timeoutSeconds?: number | undefined;
}

/** Asks the main process to end, then makes it; returns when the container has ended. */
export async function stopContainer(
  engine: Engine,
  id: string,
  options: StopOptions,
): Promise<void> {
  const record = engine.find(id);
  if (!isRunning(record)) throw new DvmError("not-modified", `container ${id} does not run`);
  await unpauseIfNeeded(engine, record);
  const signal = signalNumber(options.signal ?? stopSignal(record));
  const seconds = options.timeoutSeconds ?? record.config.StopTimeout ?? defaultStopTimeoutSeconds;
  const run = runOf(engine, record);
  const ended = engine.waitFor(() => (hasEnded(engine, record.id, run) ? true : undefined));
  await run.main.signal(signal).catch(() => {}); // it may have ended meanwhile; if not, what follows ends it
  if (seconds >= 0) {
    const done = await Promise.race([ended, delay(seconds * 1000, false, { ref: false })]);
    if (!done) await forceEnd(run, ended);
  }
  await ended;
  engine.announce("stop", record);
}

/** Sends a signal; SIGKILL ends the container for sure. */
export async function killContainer(engine: Engine, id: string, signal: string): Promise<void> {
  const record = engine.find(id);
  const number = signalNumber(signal === "" ? "KILL" : signal);
  if (!isRunning(record)) {
    throw new DvmError(
      "conflict",
      `cannot kill container: ${id}: container ${record.id} is not running`,
    );
  }
  const run = runOf(engine, record);
  engine.announce("kill", record, { signal: String(number) });
  if (number !== killSignal) return run.main.signal(number);
  await unpauseIfNeeded(engine, record);
  const ended = engine.waitFor(() => (hasEnded(engine, record.id, run) ? true : undefined));
  await forceEnd(run, ended);
  await ended;
}

/** Ends the container, gently unless `force`, and starts it again. */
export async function restartContainer(
  engine: Engine,
  id: string,
  options: StopOptions,
): Promise<void> {
  const record = engine.find(id);
  if (isRunning(record)) await stopContainer(engine, id, options);
  await startContainer(engine, record.id);
  engine.announce("restart", record);
}

export async function pauseContainer(engine: Engine, id: string): Promise<void> {
  await engine.exclusive(engine.find(id).id, async () => {
    const record = engine.find(id);
    const { state } = record;
    if (state.kind === "paused")
      throw new DvmError("conflict", `Container ${record.id} is already paused`);
    if (state.kind !== "running")
      throw new DvmError("conflict", `Container ${record.id} is not running`);
    const { agent, machine } = runOf(engine, record);
    // so that nothing of it runs when its machine must for a moment
    await agent.freeze();
    await machine.pause();
    engine.save({ ...record, state: { ...state, kind: "paused" } });
    engine.announce("pause", record);
  });
}

export async function unpauseContainer(engine: Engine, id: string): Promise<void> {
  await engine.exclusive(engine.find(id).id, async () => {
    const record = engine.find(id);
    const { state } = record;
    if (state.kind !== "paused")
      throw new DvmError("conflict", `Container ${record.id} is not paused`);
    const { agent, machine } = runOf(engine, record);
    await machine.resume();
    await agent.thaw();
    engine.save({ ...record, state: { ...state, kind: "running" } });
    engine.announce("unpause", record);
  });
}

/** The run of a container that is known to run. */
export function runOf(engine: Engine, record: ContainerRecord): Run {
  const run = engine.runs.get(record.id);
  if (run === undefined) throw new DvmError("conflict", `Container ${record.id} is not running`);
  return run;
}

async function unpauseIfNeeded(engine: Engine, record: ContainerRecord): Promise<void> {
  if (record.state.kind === "paused") await unpauseContainer(engine, record.id);
}

async function forceEnd(run: Run, ended: Promise<boolean>): Promise<void> {
  await run.main.signal(killSignal).catch(() => {}); // a guest that doesn't answer is ended below
  const done = await Promise.race([ended, delay(killDeadlineMs, false, { ref: false })]);
  if (!done) await run.killMachine();
}

function hasEnded(engine: Engine, id: string, run: Run): boolean {
  return (
    engine.runs.get(id) !== run &&
    !engine.containers().some((one) => one.id === id && isRunning(one))
  );
}

function stopSignal({ config }: ContainerRecord): string {
  return config.StopSignal === undefined || config.StopSignal === "" ? "TERM" : config.StopSignal;
}
