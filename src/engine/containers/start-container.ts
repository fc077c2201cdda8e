import { rm } from "node:fs/promises";
import { describeError, DvmError } from "../../base/errors.ts";
import { Stopwatch } from "../../base/stopwatch.ts";
import { timestamp } from "../../base/timestamps.ts";
import type { SuppliedMachine } from "../../supply/machine-supply.ts";
import type { HeldContainer } from "../core/containers.ts";
import type { Engine } from "../core/engine.ts";
import { kernelOf } from "../fit/fit-kernel.ts";
import { containerSetup, machineSetup, type MachinePlan } from "../plan/machine-plan.ts";
import { orderOf } from "../plan/order-machine.ts";
import { planMachine } from "../plan/plan-machine.ts";
import { bindPorts } from "../plan/port-map.ts";
import { mainProcessSpec } from "../plan/process-spec.ts";
import { isRunning, type ContainerRecord, type StartReport } from "../records/container-record.ts";
import { ContainerLog } from "../runs/container-log.ts";
import { Run } from "../runs/run.ts";
import { startFailureExitCode } from "./failure-exit-code.ts";
import { removeContainer } from "./remove-container.ts";
import { supervise } from "./supervise.ts";

/** Brings the container's machine up and starts its process. With `--rm` a failed start removes it. */
export async function startContainer(engine: Engine, id: string): Promise<StartReport> {
  try {
    return await engine.containers.change(id, (held) => startHeld(engine, held));
  } catch (error) {
    const record = engine.containers.get(id);
    const hasFailed = record?.state.kind === "created" && record.state.failure !== undefined;
    if (hasFailed && record.run.removeWhenEnded)
      await removeContainer(engine, id, { force: true, volumes: true });
    throw error;
  }
}

async function startHeld(engine: Engine, held: HeldContainer): Promise<StartReport> {
  const { record } = held;
  if (record.state.kind === "paused")
    throw new DvmError("conflict", "cannot start a paused container, try unpause instead");
  if (isRunning(record)) throw new DvmError("not-modified", `container ${record.id} runs already`);
  try {
    return await start(engine, held);
  } catch (error) {
    const failure = { exitCode: startFailureExitCode(error), error: describeError(error) };
    held.apply({ kind: "start-failed", failure });
    engine.streams(record.id).end();
    throw error;
  }
}

async function start(engine: Engine, held: HeldContainer): Promise<StartReport> {
  const watch = new Stopwatch();
  const { record } = held;
  const plan = await planStart(engine, record, watch);
  try {
    const supplied = await engine.supply.provide(orderOf(plan), watch);
    const run = await launch(engine, record, { plan, supplied });
    watch.lap("process");
    const { origin, madeTemplate, mac } = supplied;
    const lastStart: StartReport = {
      ...{ origin, madeTemplate, phases: watch.phases },
      kernel: `${plan.kernel.name} ${plan.kernel.release}`,
    };
    const network = { ports: plan.ports, mac: mac ?? plan.run.network?.mac ?? "" };
    const started = held.apply(
      { kind: "started", at: timestamp(), run, ...network },
      { lastStart },
    );
    engine.announce("start", started);
    void supervise(engine, record.id, run);
    return lastStart;
  } catch (error) {
    await rm(plan.folder, { recursive: true, force: true });
    throw error;
  }
}

async function planStart(
  engine: Engine,
  record: ContainerRecord,
  watch: Stopwatch,
): Promise<MachinePlan> {
  const { id: containerId, run } = record;
  const ports = await bindPorts(run.network?.ports ?? []);
  const kernel = await kernelOf(engine, record, { runs: true });
  if (kernel !== run.machine.kernel) watch.lap("fit");
  const plan = await planMachine(engine, { containerId, run, ports, kernel });
  watch.lap("plan");
  return plan;
}

/** Starts the container's process in the machine; one that can't be is ended. */
async function launch(
  engine: Engine,
  { id: containerId, run }: ContainerRecord,
  { plan, supplied }: { plan: MachinePlan; supplied: SuppliedMachine },
): Promise<Run> {
  const machine = engine.machines.add(supplied);
  try {
    const mac = supplied.mac ?? run.network?.mac ?? "";
    const main = await supplied.agent.launch({
      machine: machineSetup(),
      id: containerId,
      setup: containerSetup(plan, mac),
      spec: mainProcessSpec(run),
    });
    // a clone's card got its MAC address just now
    if (supplied.origin !== "cold") await supplied.machine.publish(orderOf(plan).ports);
    const log = await ContainerLog.open(
      engine.logPath(containerId),
      machine.logPosition(containerId),
    );
    const streams = engine.streams(containerId);
    return new Run({ containerId, machine, main, streams, log, tty: run.process.tty });
  } catch (error) {
    await machine.end();
    throw error;
  }
}
