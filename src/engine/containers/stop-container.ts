import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../core.ts";
import { signalNumber } from "../plan.ts";
import { type ContainerRecord, isRunning } from "../records.ts";
import type { Run } from "../runs.ts";
import { unpauseContainer } from "./pause-container.ts";
import { runOf } from "./run-of.ts";
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
  container: string,
  options: StopOptions,
): Promise<void> {
  const record = engine.containers.find(container);
  if (!isRunning(record)) throw new DvmError("not-modified", `container ${container} does not run`);
  const { stop } = record.run;
  const signal = signalNumber(firstSignal(options.signal, stop.signal) ?? "TERM");
  const seconds = options.timeoutSeconds ?? stop.timeoutSeconds ?? defaultStopTimeoutSeconds;
  await unpauseIfNeeded(engine, record);
  const run = runOf(record);
  const ended = endOf(engine, record.id, run);
  sendSignal(run, signal);
  if (seconds >= 0) {
    const done = await Promise.race([ended, delay(seconds * 1000, false, { ref: false })]);
    if (!done) await forceEnd(run, ended);
  }
  await ended;
  engine.announce("stop", record);
}

/** Sends a signal; SIGKILL ends the container for sure. */
export async function killContainer(
  engine: Engine,
  container: string,
  signal: string,
): Promise<void> {
  const record = engine.containers.find(container);
  const number = signalNumber(signal === "" ? "KILL" : signal);
  if (!isRunning(record)) {
    throw new DvmError(
      "conflict",
      `cannot kill container: ${container}: container ${record.id} is not running`,
    );
  }
  const run = runOf(record);
  engine.announce("kill", record, { signal: String(number) });
  if (number !== killSignal && record.state.kind === "paused")
    return signalPaused(engine, record.id, number);
  if (number !== killSignal) return run.main.signal(number);
  await unpauseIfNeeded(engine, record);
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
  if ("run" in record.state) {
    record.state.run.willStartAgain = true;
    await stopContainer(engine, record.id, options);
  }
  await startContainer(engine, record.id);
  engine.announce("restart", record);
}

async function unpauseIfNeeded(engine: Engine, { id, state }: ContainerRecord): Promise<void> {
  if (state.kind === "paused") await unpauseContainer(engine, id);
}

/** One that stands still gets it when it goes on. */
async function signalPaused(engine: Engine, id: string, signal: number): Promise<void> {
  await engine.containers.change(id, async ({ record }) => {
    const run = runOf(record);
    const send = () => run.main.signal(signal);
    await (record.state.kind === "paused" ? run.whileAwake(send) : send());
  });
}

/** Waits for no answer: what has ended meanwhile gives none, and one that hangs is ended later. */
function sendSignal(run: Run, signal: number): void {
  run.main.signal(signal).catch(() => {});
}

async function forceEnd(run: Run, ended: Promise<boolean>): Promise<void> {
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

function firstSignal(...signals: (string | undefined)[]): string | undefined {
  return signals.find((signal) => signal !== undefined && signal !== "");
}
