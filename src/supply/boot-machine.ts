import { setTimeout as delay } from "node:timers/promises";
import { AgentClient } from "../agent/agent-client.ts";
import { describeError, DvmError } from "../base/errors.ts";
import type { Hypervisor, Machine, MachineExit, MachineSpec } from "../machine/machine.ts";

const exitGraceMs = 500;

export interface BootedMachine {
  machine: Machine;
  agent: AgentClient;
}

/** Starts a machine and waits for its agent. What doesn't come up is ended, and its console told. */
export async function bootMachine(
  hypervisor: Hypervisor,
  spec: MachineSpec,
  {
    deadlineMs = hypervisor.bootDeadlineMs(spec.accelerator),
    signal,
  }: { deadlineMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<BootedMachine> {
  const machine = await hypervisor.start(spec, signal && { signal });
  const stop = new AbortController();
  try {
    const agent = await Promise.race([
      AgentClient.connect(machine.agentSocket, {
        deadlineMs,
        signal: signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]),
      }),
      machine.exited.then((exit) => {
        throw exitError(exit);
      }),
    ]);
    return { machine, agent };
  } catch (failure) {
    const cause = signal?.aborted ? failure : await exitBehind(machine, failure);
    await machine.kill();
    throw await bootError(machine, cause);
  } finally {
    stop.abort();
  }
}

/** The channel closes a moment before the machine has gone: then its end is the cause. */
async function exitBehind(machine: Machine, failure: unknown): Promise<unknown> {
  if (!(failure instanceof DvmError) || failure.code !== "unavailable") return failure;
  const soon = delay(exitGraceMs, undefined, { ref: false });
  const exit = await Promise.race([machine.exited, soon]);
  return exit === undefined ? failure : exitError(exit);
}

function exitError({ errors, code, signal, failure }: MachineExit): DvmError {
  if (failure !== undefined) return failure;
  const how = signal === undefined ? `exit code ${code ?? "unknown"}` : `signal ${signal}`;
  return new DvmError(
    "unavailable",
    `the machine ended before its agent said hello (${how})${errors === "" ? "" : `: ${errors}`}`,
  );
}

async function bootError(machine: Machine, cause: unknown): Promise<DvmError> {
  const console = await machine.consoleTail();
  const lines = console === "" ? "its console is empty" : `its console ends:\n${console}`;
  const code = cause instanceof DvmError ? cause.code : "internal";
  return new DvmError(code, `cannot start the machine: ${describeError(cause)}; ${lines}`, {
    cause,
  });
}
