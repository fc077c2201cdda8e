import { rm } from "node:fs/promises";
import type { AgentClient } from "../../agent/agent-client.ts";
import { Stopwatch } from "../../base/stopwatch.ts";
import { leaveMachine } from "../../supply/leave-machine.ts";
import { runOf } from "../containers.ts";
import type { Engine } from "../core.ts";
import { kernelOf } from "../fit.ts";
import {
  containerSetup,
  leaveMounts,
  machineSetup,
  orderOf,
  planMachine,
  sharePlaced,
} from "../plan.ts";
import type { ContainerRecord, RunSpecification } from "../records.ts";

/** `progress`: called whenever a client has taken something, by those whose clients may stop to. */
type Action<T> = (agent: AgentClient, record: ContainerRecord, progress: () => void) => Promise<T>;

/**
 * Gives `action` the agent of the container's machine. A container that doesn't run gets a machine
 * for so long, with its disks and mounts, without its program and without a network; a paused one's
 * machine goes on for so long, its processes don't. Those two, and who wants to be `alone`, wait with
 * every change of the container.
 */
export async function withAgent<T>(
  engine: Engine,
  container: string,
  { writes, alone = false }: { writes: boolean; alone?: boolean },
  action: Action<T>,
): Promise<T> {
  for (;;) {
    const found = engine.containers.find(container);
    // who reads slowly must not keep a container that runs from being changed
    const result =
      found.state.kind === "running" && !alone
        ? await found.state.run.use((progress) => onRunning(found, action, progress))
        : await engine.containers.change(found.id, ({ record }) =>
            whileHeld(engine, record, { writes, action }),
          );
    if (result !== undefined) return result.value;
    await outOfMachine(engine, found);
  }
}

/** Undefined: its process has ended, and its machine is about to. */
async function whileHeld<T>(
  engine: Engine,
  record: ContainerRecord,
  { writes, action }: { writes: boolean; action: Action<T> },
): Promise<{ value: T } | undefined> {
  const { state } = record;
  if (state.kind === "paused")
    return { value: await state.run.whileAwake(() => onRunning(record, action)) };
  if (state.kind === "running")
    return state.run.use((progress) => onRunning(record, action, progress));
  return { value: await onStopped(engine, record, { writes, action }) };
}

/** Returns when a run that has ended is the container's no more. */
async function outOfMachine(engine: Engine, { id }: ContainerRecord): Promise<void> {
  await engine.containers.waitFor(id, (record) =>
    record !== undefined && "run" in record.state && record.state.run.isOver ? undefined : true,
  );
}

async function onRunning<T>(
  record: ContainerRecord,
  action: Action<T>,
  progress: () => void = () => {},
): Promise<T> {
  const { machine } = runOf(record);
  if (machine.outOfSpace !== undefined) throw machine.outOfSpace;
  return action(machine.agent, record, progress);
}

const unconfined: RunSpecification["confinement"] = {
  ...{ seccomp: "unconfined", maskedPaths: null, readOnlyPaths: null, writableCgroups: false },
  ...{ devices: [], deviceRules: [], deviceRequests: [] },
};

async function onStopped<T>(
  engine: Engine,
  record: ContainerRecord,
  { writes, action }: { writes: boolean; action: Action<T> },
): Promise<T> {
  const { network: _, ...rest } = record.run;
  // nothing of it runs: it needs no devices, and a bad profile does no harm
  const run = {
    ...{ ...rest, confinement: unconfined },
    machine: { ...rest.machine, room: 0 },
  };
  const kernel = await kernelOf(engine, record, { runs: false });
  const plan = await planMachine(engine, {
    containerId: record.id,
    run,
    endpoints: [],
    ports: [],
    kernel,
  });
  try {
    const order = { ...orderOf(plan), rehearsed: undefined };
    const supplied = await engine.supply.provide(order, new Stopwatch());
    using guarded = engine.space.guard(supplied);
    try {
      await sharePlaced(engine, supplied.machine, plan.placed);
      await supplied.agent.createContainer(record.id, containerSetup(plan, ""), machineSetup());
      return await action(supplied.agent, record, () => {});
    } catch (error) {
      throw guarded.reason() ?? error;
    } finally {
      await leaveMachine(supplied);
      await supplied.machine.kill();
      await supplied.agent[Symbol.asyncDispose]();
    }
  } finally {
    leaveMounts(engine, record);
    // a container that has never run starts quicker without one
    if (plan.scratch.isNew && !writes) await rm(plan.scratch.path, { force: true });
    await rm(plan.folder, { recursive: true, force: true });
  }
}
