import { DvmError } from "../../base/errors.ts";
import type { GuestProcess } from "../../agent/agent-client.ts";
import type { Engine, Exec } from "../core.ts";
import { execProcessSpec } from "../plan.ts";
import type { ContainerRecord, ExecRequest } from "../records.ts";
import type { Run } from "../runs.ts";
import { isRestarting, runOf, unreachable } from "./run-of.ts";

/** Docker's, whatever the reason. */
const startFailureOfExec = 126;

/** Notes a further process for a running container; {@link startExec} starts it. */
export function createExec(engine: Engine, container: string, request: ExecRequest): Exec {
  const record = engine.containers.find(container);
  requireAwake(record, container);
  if (request.Cmd.length === 0) throw new DvmError("invalid", "No exec command specified");
  const exec = engine.execs.add(record.id, request);
  engine.announce(`exec_create: ${commandOf(exec)}`, record, { execID: exec.id });
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
): Promise<GuestProcess> {
  const exec = engine.execs.find(id);
  const record = engine.containers.find(exec.containerId);
  requireAwake(record, record.id);
  if (exec.state.kind !== "created") {
    const doing = exec.state.kind === "running" ? "is already running" : "has already run";
    throw new DvmError("conflict", `exec command ${id} ${doing}`);
  }
  engine.announce(`exec_start: ${commandOf(exec)}`, record, { execID: id });
  try {
    await requireSpace(engine, runOf(record));
    const isKnown = consoleSize.some((cells) => cells > 0);
    const asked = isKnown ? { ...exec.request, ConsoleSize: consoleSize } : exec.request;
    const process = await runOf(record).machine.agent.exec(
      record.id,
      execProcessSpec(record.run, asked),
    );
    exec.state = { kind: "running", process };
    void process.exited.then(
      ({ exitCode }) => endExec(engine, exec, { exitCode, pid: process.pid }),
      () => endExec(engine, exec, { exitCode: 137, pid: process.pid }),
    );
    return process;
  } catch (error) {
    exec.state = { kind: "exited", exitCode: startFailureOfExec, pid: 0 };
    throw error;
  }
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
  if (state.kind !== "running") throw new DvmError("conflict", `container ${id} is not running`);
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
