import { DvmError } from "../../base/errors.ts";
import type { GuestProcess } from "../../agent/agent-client.ts";
import type { Engine, Exec } from "../core.ts";
import { startFailureExitCode } from "./failure-exit-code.ts";
import { execProcessSpec } from "../plan.ts";
import type { ExecRequest } from "../records.ts";
import { runOf } from "./run-of.ts";

/** Notes a further process for a running container; {@link startExec} starts it. */
export function createExec(engine: Engine, container: string, request: ExecRequest): Exec {
  const record = engine.containers.find(container);
  if (record.state.kind === "paused") {
    throw new DvmError(
      "conflict",
      `Container ${container} is paused, unpause the container before exec`,
    );
  }
  if (record.state.kind !== "running") {
    throw new DvmError("conflict", `container ${record.id} is not running`);
  }
  if (request.Cmd.length === 0) throw new DvmError("invalid", "No exec command specified");
  return engine.execs.add(record.id, request);
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
  if (exec.state.kind !== "created") {
    throw new DvmError("conflict", `Error: Exec command ${id} is already running or has run`);
  }
  const record = engine.containers.find(exec.containerId);
  try {
    const isKnown = consoleSize.some((cells) => cells > 0);
    const asked = isKnown ? { ...exec.request, ConsoleSize: consoleSize } : exec.request;
    const process = await runOf(record).machine.agent.exec(
      record.id,
      execProcessSpec(record.run, asked),
    );
    exec.state = { kind: "running", process };
    void process.exited.then(
      ({ exitCode }) => endExec(exec, process.pid, exitCode),
      () => endExec(exec, process.pid, 137),
    );
    engine.announce("exec_start", record, { execID: id });
    return process;
  } catch (error) {
    const exitCode = startFailureExitCode(error);
    exec.state = { kind: "exited", exitCode, pid: 0 };
    throw error;
  }
}

function endExec(exec: Exec, pid: number, exitCode: number): void {
  exec.state = { kind: "exited", exitCode, pid };
}
