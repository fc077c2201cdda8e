import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../core.ts";
import { isSupported, signalNumber, stopSignal } from "../plan.ts";
import { type ContainerRecord, isRunning } from "../records.ts";
import { killDeadlineMs, killSignal, type Run } from "../runs.ts";
import { unpauseContainer } from "./pause-container.ts";
import { endParked } from "./end-parked.ts";
import { runOf } from "./run-of.ts";
import { failedBy, saidWhy } from "./said-why.ts";
import { whileAwake } from "./while-awake.ts";
import { isToEnd, noteSignal } from "./note-signal.ts";
import { announceKill } from "./announce-kill.ts";
import { startContainer } from "./start-container.ts";

const defaultStopTimeoutSeconds = 10;

export interface StopOptions {
  signal?: string | undefined;
  /** -1: wait for ever. */
  timeoutSeconds?: number | undefined;
}

/** Asks the main process to end, then makes it; returns when the container has ended. */
export async function stopContainer(
  engine: Engine,
  container: string,
  options: StopOptions,
): Promise<void> {
  const record = engine.containers.find(container);
  if (!isRunning(record)) throw new DvmError("not-modified", `container ${container} does not run`);
  await failedBy(`cannot stop container: ${container}`, () => endInOrder(engine, record, options));
}

async function endInOrder(
  engine: Engine,
  found: ContainerRecord,
  options: StopOptions,
): Promise<void> {
  const { stop } = found.run;
  const asked = options.signal ?? "";
  const signal = asked === "" ? stopSignal(stop.signal) : signalNumber(asked);
  const wanted = options.timeoutSeconds ?? stop.timeoutSeconds ?? defaultStopTimeoutSeconds;
  const record = await noteSignal(engine, found, signal);
  if (record !== undefined) {
    announceKill(engine, record, signal);
    // there is no such signal, so nobody will end by it
    const seconds = isSupported(signal) ? wanted : 0;
    if (!(await endParked(engine, record))) return endRun(engine, record, { signal, seconds });
  }
  engine.announce("stop", record ?? found);
}

/** `seconds`: how long its process has to end by the signal; negative: for ever. */
async function endRun(
  engine: Engine,
  record: ContainerRecord,
  { signal, seconds }: { signal: number; seconds: number },
): Promise<void> {
  await unpauseIfNeeded(engine, record);
  const run = runOf(record);
  run.stops += 1; // its end tells of it
  try {
    await stopRun(engine, record, { run, signal, seconds });
  } catch (error) {
    run.stops -= 1;
    throw error;
  }
}

async function stopRun(
  engine: Engine,
  record: ContainerRecord,
  { run, signal, seconds }: { run: Run; signal: number; seconds: number },
): Promise<void> {
  const ended = endOf(engine, record.id, run);
  await engine.space.check(run.machine);
  if (run.machine.outOfSpace !== undefined) await run.kill(); // its process would hear of nothing
  else if (isSupported(signal)) sendSignal(run, signal);
  if (seconds >= 0) {
    const done = await Promise.race([ended, delay(seconds * 1000, false, { ref: false })]);
    if (!done) {
      await noteSignal(engine, engine.containers.find(record.id), killSignal);
      announceKill(engine, record, killSignal);
      await forceEnd(run, ended);
    }
  }
  await ended;
}

/** Sends a signal; SIGKILL ends the container for sure. */
export async function killContainer(
  engine: Engine,
  container: string,
  signal: string,
): Promise<void> {
  await saidWhy(`cannot kill container: ${container}`, async () => {
    const number = signalNumber(signal === "" ? "KILL" : signal);
    await signalContainer(engine, engine.containers.find(container), number);
  });
}

async function signalContainer(
  engine: Engine,
  found: ContainerRecord,
  number: number,
): Promise<void> {
  if (!isRunning(found)) throw new DvmError("conflict", `container ${found.id} is not running`);
  const record = await noteSignal(engine, found, number);
  if (record === undefined) return;
  if (number === killSignal && (await endParked(engine, record)))
    return announceKill(engine, record, number);
  const run = runOf(record);
  announceKill(engine, record, number);
  await engine.space.check(run.machine);
  if (number !== killSignal) {
    if (isToEnd(record.run, number)) await unpauseIfNeeded(engine, record);
    return whileAwake(engine, record, ({ main }) => main.signal(number));
  }
  if (record.state.kind === "paused") await wakeToEnd(engine, record.id);
  const ended = endOf(engine, record.id, run);
  await forceEnd(run, ended);
  await ended;
}

/** Ends the container and starts it again; one with `--rm` stays, too. */
export async function restartContainer(
  engine: Engine,
  container: string,
  options: StopOptions,
): Promise<void> {
  const record = engine.containers.find(container);
  await failedBy(`Cannot restart container ${container}`, async () => {
    if (isRunning(record)) {
      if ("run" in record.state) record.state.run.willStartAgain = true;
      await endInOrder(engine, record, options);
    }
    await startContainer(engine, record.id);
  });
  engine.announce("restart", record);
}

async function unpauseIfNeeded(engine: Engine, { id, state }: ContainerRecord): Promise<void> {
  if (state.kind === "paused") await unpauseContainer(engine, id);
}

/** What is about to be ended is not said to go on. */
async function wakeToEnd(engine: Engine, id: string): Promise<void> {
  await engine.containers.change(id, async (held) => {
    if (held.record.state.kind !== "paused") return;
    await runOf(held.record).resume();
    held.apply({ kind: "resumed" });
  });
}

/** Waits for no answer: what has ended meanwhile gives none, and one that hangs is ended later. */
function sendSignal(run: Run, signal: number): void {
  run.main.signal(signal).catch(() => {});
}

async function forceEnd(run: Run, ended: Promise<boolean>): Promise<void> {
  if (run.machine.outOfSpace !== undefined) return run.kill();
  sendSignal(run, killSignal);
  const done = await Promise.race([ended, delay(killDeadlineMs, false, { ref: false })]);
  if (!done) await run.kill();
}

/** Settles when this run is over; another one may have begun by then. */
function endOf(engine: Engine, id: string, run: Run): Promise<boolean> {
  return engine.containers.waitFor(id, (record) => {
    const now = record !== undefined && "run" in record.state ? record.state.run : undefined;
    return now === run ? undefined : true;
  });
}
