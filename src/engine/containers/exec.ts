import { setTimeout as delay } from "node:timers/promises";
import type { GuestProcess } from "../../agent/agent-client.ts";
import { DvmError } from "../../base/errors.ts";
import type { Engine, Exec } from "../core.ts";
import { execProcessSpec } from "../plan.ts";
import type { ContainerRecord, ExecRequest } from "../records.ts";
import type { Run } from "../runs.ts";
import { checkUser } from "./check-user.ts";
import { execFailure } from "./exec-failure.ts";
import { isRestarting, runOf, unreachable } from "./run-of.ts";

/** Its streams, and how it ends. */
export type ExecProcess = GuestProcess;

/** So long a resize waits for an exec to be started, as Docker's does. */
const startDeadlineMs = 10_000;
/** So long the word of a container's end may be on its way. */
const endNoticeMs = 100;

/** Notes a further process for a running container; {@link startExec} starts it. */
export async function createExec(
  engine: Engine,
  container: string,
  request: ExecRequest,
): Promise<Exec> {
  const record = engine.containers.find(container);
  requireAwake(record, container);
  if (request.Cmd.length === 0) throw new DvmError("invalid", "No exec command specified");
  await checkUser(record, request.User);
  const exec = engine.execs.add(record.id, request);
  engine.announce(`exec_create: ${commandOf(exec)}`, record, { execID: exec.id });
  return exec;
}

/** The exec, if its container can start it now. Whether it has been started already is not looked at. */
export function findExec(engine: Engine, id: string): Exec {
  const exec = engine.execs.find(id);
  const record = engine.containers.find(exec.containerId);
  requireAwake(record, record.id);
  return exec;
}

/**
 * Starts it once; its exit code can be asked for after it has ended. `consoleSize`: what is known of
 * its terminal by now; zeros leave it at what it was noted with.
 */
export async function startExec(
  engine: Engine,
  id: string,
  consoleSize: number[],
): Promise<ExecProcess> {
  const exec = findExec(engine, id);
  const record = engine.containers.find(exec.containerId);
  if (exec.state.kind !== "created") {
    const doing = exec.state.kind === "exited" ? "has already run" : "is already running";
    throw new DvmError("conflict", `exec command ${id} ${doing}`);
  }
  exec.state = { kind: "starting" };
  engine.announce(`exec_start: ${commandOf(exec)}`, record, { execID: id });
  try {
    const process = await startProcess(engine, record, exec.request, consoleSize);
    exec.state = { kind: "running", process };
    void process.exited.then(
      ({ exitCode }) => endExec(engine, exec, { exitCode, pid: process.pid }),
      () => endExec(engine, exec, { exitCode: 137, pid: process.pid }),
    );
    return process;
  } catch (failure) {
    const error = (await hasJustEnded(record)) ? isNotRunning(record.id) : failure;
    const { exitCode, told } = execFailure(error);
    exec.state = { kind: "exited", exitCode, pid: 0 };
    throw told;
  } finally {
    exec.started.resolve();
  }
}

/** Gives its terminal another size; one that has none takes no notice. */
export async function resizeExec(
  engine: Engine,
  id: string,
  { rows, columns }: { rows: number; columns: number },
): Promise<void> {
  const exec = findExec(engine, id);
  await untilStarted(exec);
  if (exec.state.kind !== "running")
    throw new DvmError("not-found", `NotFound: process does not exist ${id}: not found`);
  if (exec.request.Tty) await exec.state.process.resize(rows, columns);
}

async function untilStarted({ started }: Exec): Promise<void> {
  const stop = new AbortController();
  const late = delay(startDeadlineMs, true, { ref: false, signal: stop.signal });
  try {
    if (await Promise.race([started.promise.then(() => false), late]))
      throw new DvmError("unavailable", "timeout waiting for exec session ready");
  } finally {
    stop.abort();
    late.catch(() => {});
  }
}

/** Somebody typed the keys to leave it; it runs on. */
export function announceExecDetach(engine: Engine, { id, containerId }: Exec): void {
  const record = engine.containers.get(containerId);
  if (record !== undefined) engine.announce("exec_detach", record, { execID: id });
}

async function startProcess(
  engine: Engine,
  record: ContainerRecord,
  request: ExecRequest,
  consoleSize: number[],
): Promise<ExecProcess> {
  const run = runOf(record);
  await requireSpace(engine, run);
  const unnamed = request.Env.find((entry) => entry.startsWith("="));
  if (unnamed !== undefined)
    throw new DvmError(
      "invalid",
      `environment variable name can't be empty: ${JSON.stringify(unnamed)}`,
    );
  const isKnown = consoleSize.some((cells) => cells > 0);
  const asked = isKnown ? { ...request, ConsoleSize: consoleSize } : request;
  return run.machine.agent.exec(record.id, execProcessSpec(record.run, asked));
}

function endExec(engine: Engine, exec: Exec, end: { exitCode: number; pid: number }): void {
  exec.state = { kind: "exited", ...end };
  const record = engine.containers.get(exec.containerId);
  if (record === undefined) return;
  engine.announce("exec_die", record, { execID: exec.id, exitCode: String(end.exitCode) });
}

function requireAwake({ id, state }: ContainerRecord, named: string): void {
  if (state.kind === "detached") throw unreachable(id);
  if (state.kind === "paused")
    throw new DvmError(
      "conflict",
      `Container ${named} is paused, unpause the container before exec`,
    );
  if (state.kind === "restarting") throw isRestarting(id);
  if (state.kind !== "running") throw isNotRunning(id);
}

function isNotRunning(id: string): DvmError {
  return new DvmError("conflict", `container ${id} is not running`);
}

/** A guest can start nothing in a container whose first process has gone, and may say so first. */
async function hasJustEnded({ state }: ContainerRecord): Promise<boolean> {
  if (state.kind !== "running") return true;
  const ended = state.run.main.exited.then(
    () => true,
    () => true,
  );
  return Promise.race([ended, delay(endNoticeMs, false, { ref: false })]);
}

/** Nothing starts in a machine that stands still. */
async function requireSpace(engine: Engine, { machine }: Run): Promise<void> {
  await engine.space.check(machine);
  if (machine.outOfSpace !== undefined) throw machine.outOfSpace;
}

/** As Docker's events name it: the program, and its arguments. */
function commandOf({ request: { Cmd } }: Exec): string {
  const [program = "", ...args] = Cmd;
  return `${program} ${args.join(" ")}`;
}
