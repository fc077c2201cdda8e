import { mkdir, rm } from "node:fs/promises";
import type { AgentClient } from "../agent/agent-client.ts";
import { Stopwatch } from "../base/stopwatch.ts";
import { isRunning, type ContainerRecord } from "./container-record.ts";
import type { Engine } from "./engine.ts";
import { kernelOf } from "./fit/fit-kernel.ts";
import { leaveMachine } from "./leave-machine.ts";
import { machineSetup, machineSpec } from "./machine-plan.ts";
import { planMachine } from "./plan-machine.ts";
import { provideMachine } from "./start-container.ts";
import { runOf } from "./stop-container.ts";

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
  action: (agent: AgentClient, record: ContainerRecord) => Promise<T>,
): Promise<T> {
  const { id, state } = engine.find(container);
  // who reads slowly must not keep a container that runs from ending
  if (state.kind === "running" && !alone) return onRunning(engine, engine.find(id), action);
  return engine.exclusive(id, async () => {
    const record = engine.find(id);
    if (record.state.kind === "paused") return onPaused(engine, record, action);
    if (isRunning(record)) return onRunning(engine, record, action);
    return onStopped(engine, record, { writes, action });
  });
}

type Action<T> = (agent: AgentClient, record: ContainerRecord) => Promise<T>;

function onRunning<T>(engine: Engine, record: ContainerRecord, action: Action<T>): Promise<T> {
  return action(runOf(engine, record).agent, record);
}

async function onPaused<T>(engine: Engine, record: ContainerRecord, action: Action<T>): Promise<T> {
  const { machine, agent } = runOf(engine, record);
  await machine.resume();
  try {
    return await action(agent, record);
  } finally {
    await machine.pause();
  }
}

async function onStopped<T>(
  engine: Engine,
  record: ContainerRecord,
  { writes, action }: { writes: boolean; action: Action<T> },
): Promise<T> {
  const runFolder = engine.runFolder(record.id);
  await rm(runFolder, { recursive: true, force: true });
  await mkdir(runFolder, { recursive: true, mode: 0o700 });
  const quiet = {
    ...record,
    ports: [],
    hostConfig: { ...record.hostConfig, NetworkMode: "none" },
  };
  const plan = await planMachine(engine, quiet, await kernelOf(engine, record, { runs: false }));
  try {
    const spec = machineSpec(plan);
    const supplied = await provideMachine(
      engine,
      { plan, spec, rehearsed: undefined },
      new Stopwatch(),
    );
    try {
      await supplied.agent.setUp(machineSetup(plan));
      return await action(supplied.agent, record);
    } finally {
      await leaveMachine(supplied);
      await supplied.machine.kill();
      await supplied.agent[Symbol.asyncDispose]();
    }
  } finally {
    // a container that has never run starts quicker without one
    if (plan.scratch.isNew && !writes) await rm(plan.scratch.path, { force: true });
    await rm(runFolder, { recursive: true, force: true });
  }
}
