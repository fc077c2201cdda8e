import { mkdir, rm } from "node:fs/promises";
import type { ProcessSpec } from "../agent/agent-client.ts";
import { describeError, DvmError } from "../base/errors.ts";
import { Stopwatch } from "../base/stopwatch.ts";
import type { MachineSpec } from "../machine/machine.ts";
import { ContainerLog } from "./container-log.ts";
import {
  isRunning,
  timestamp,
  type ContainerRecord,
  type StartReport,
} from "./container-record.ts";
import type { Engine } from "./engine.ts";
import { kernelOf } from "./fit/fit-kernel.ts";
import { startFailureExitCode } from "./failure-exit-code.ts";
import { guestNetwork, machineSetup, machineSpec, type MachinePlan } from "./machine-plan.ts";
import type { SuppliedMachine } from "./machine-supply.ts";
import { planMachine } from "./plan-machine.ts";
import { bindPorts } from "./port-map.ts";
import { mainProcessSpec } from "./process-spec.ts";
import { rehearsedProcess } from "./rehearsal.ts";
import { removeContainer } from "./remove-container.ts";
import { Run } from "./run.ts";
import { supervise } from "./supervise.ts";

/** Brings the container's machine up and starts its process. With `--rm` a failed start removes it. */
export async function startContainer(engine: Engine, id: string): Promise<StartReport> {
  try {
    return await startOnce(engine, id);
  } catch (error) {
    const record = engine.containers().find((one) => one.id === id);
    const failed = record?.state.kind === "created" && record.state.failure !== undefined;
    if (failed && record.hostConfig.AutoRemove)
      await removeContainer(engine, id, { force: true, volumes: true });
    throw error;
  }
}

async function startOnce(engine: Engine, id: string): Promise<StartReport> {
  return engine.exclusive(id, async () => {
    const record = engine.find(id);
    if (record.state.kind === "paused") {
      throw new DvmError("conflict", "cannot start a paused container, try unpause instead");
    }
    if (isRunning(record)) throw new DvmError("not-modified", `container ${id} runs already`);
    try {
      return await start(engine, record);
    } catch (error) {
      await giveUp(engine, record, error);
      throw error;
    }
  });
}

async function start(engine: Engine, before: ContainerRecord): Promise<StartReport> {
  const watch = new Stopwatch();
  const runFolder = engine.runFolder(before.id);
  await rm(runFolder, { recursive: true, force: true });
  await mkdir(runFolder, { recursive: true, mode: 0o700 });
  const planned = { ...before, ports: await bindPorts(before.requestedPorts) };
  const wanted = await kernelOf(engine, planned, { runs: true });
  if (wanted !== planned.hostConfig.Dvm.Kernel) watch.lap("fit");
  const plan = await planMachine(engine, planned, wanted);
  watch.lap("plan");
  const spec = machineSpec(plan);
  const rehearsed = mayMountImageAhead(plan.record) ? rehearsedProcess(plan.record) : undefined;
  const supplied = await provideMachine(engine, { plan, spec, rehearsed }, watch);
  const { machine, agent, origin, madeTemplate } = supplied;
  const record = { ...planned, mac: supplied.mac ?? planned.mac };
  try {
    const main = await agent.launch(machineSetup({ ...plan, record }), mainProcessSpec(record));
    // a clone's card got its MAC address just now
    if (origin !== "cold") await machine.publish(spec.nics[0]?.publish ?? []);
    watch.lap("process");
    const run = new Run({
      machine,
      agent,
      main,
      streams: engine.streams(record.id),
      log: await ContainerLog.open(engine.logPath(record.id), engine.logPositionPath(record.id)),
      tty: record.config.Tty,
    });
    const report: StartReport = {
      ...{ origin, madeTemplate, phases: watch.phases },
      kernel: `${plan.kernel.name} ${plan.kernel.release}`,
    };
    engine.runs.set(record.id, run);
    engine.save({
      ...record,
      state: { kind: "running", startedAt: timestamp(), pid: machine.pid },
      start: report,
    });
    engine.announce("start", record);
    void supervise(engine, record.id, run);
    return report;
  } catch (error) {
    await machine.kill();
    await agent[Symbol.asyncDispose]();
    throw error;
  }
}

/** The planned machine; `rehearsed` when one with the image in it may serve. */
export async function provideMachine(
  engine: Engine,
  parts: { plan: MachinePlan; spec: MachineSpec; rehearsed: ProcessSpec | undefined },
  watch: Stopwatch,
): Promise<SuppliedMachine> {
  const { plan, spec, rehearsed } = parts;
  const { kernel, scratch } = plan;
  const network = spec.nics.length > 0 ? guestNetwork : undefined;
  const noTemplate = plan.record.hostConfig.Dvm.NoTemplate ?? false;
  const { imageId } = plan.record;
  return engine.supply.provide(
    { spec, kernel, scratch, network, noTemplate, imageId, rehearsed },
    watch,
  );
}

const systemFolder = /^\/(?:dev|proc|sys)(?:\/|$)/;

/** What a prepared machine can't change any more must not be asked for. */
function mayMountImageAhead({ hostConfig, mounts }: ContainerRecord): boolean {
  return (
    !hostConfig.Privileged &&
    Object.keys(hostConfig.Sysctls).length === 0 &&
    !mounts.some(({ Destination }) => systemFolder.test(Destination))
  );
}

/** A start that failed leaves nothing running, and says in the record why. */
async function giveUp(engine: Engine, record: ContainerRecord, error: unknown): Promise<void> {
  await rm(engine.runFolder(record.id), { recursive: true, force: true });
  const failure = { exitCode: startFailureExitCode(error), error: describeError(error) };
  engine.save({ ...record, ports: [], state: { kind: "created", failure } });
  engine.streams(record.id).end();
}
