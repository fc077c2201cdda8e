import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { OutputStream } from "../../agent/output-stream.ts";
import type { UsesRecord } from "../../agent/uses.ts";
import { DvmError } from "../../base/errors.ts";
import { newId, shortId } from "../../base/ids.ts";
import { trialRecipe } from "../../kernel/fit/known-features.ts";
import { requireSupport } from "../../machine/support.ts";
import { makeScratchDisk } from "../../storage/scratch.ts";
import { bootMachine } from "../../supply/boot-machine.ts";
import { type ContainerRecord, ownEndpoint, type RunSpecification } from "../records.ts";
import type { Engine } from "../core.ts";
import { disksFolder } from "../../supply/machine-folders.ts";
import {
  containerSetup,
  type MachinePlan,
  machineSetup,
  machineSpec,
  mainProcessSpec,
  planMachine,
  sharePlaced,
} from "../plan.ts";

/** What came of a trial. */
export interface Trial extends UsesRecord {
  /** Of the command; undefined: it still ran when the time was over, and was ended. */
  exitCode: number | undefined;
}

/**
 * Runs a container's command in a machine of its own, on the kernel that has all, and tells what it
 * used. Nothing of it stays, and it changes nothing: binds are read-only, volumes are left out, no
 * port is published. One that still runs after `deadlineMs` is ended.
 */
export async function tryOut(
  engine: Engine,
  container: ContainerRecord,
  options: { deadlineMs: number; signal?: AbortSignal | undefined },
): Promise<Trial> {
  const run = trialRun(container.run);
  const containerId = newId();
  const disks = disksFolder(engine.parts.places.dataRoot);
  const scratch = join(disks, `${shortId(containerId)}.img`);
  const planned = await planMachine(engine, {
    ...{ containerId, run, ports: [], kernel: trialRecipe },
    endpoints: run.networks.length === 0 ? [] : [ownEndpoint("")],
  });
  const plan = { ...planned, taps: undefined, scratch: { path: scratch, isNew: true } };
  try {
    for (const path of [plan.folder, disks]) await mkdir(path, { recursive: true, mode: 0o700 });
    await makeScratchDisk(engine.parts.places.dataRoot, scratch);
    return await runTrial(engine, plan, options);
  } finally {
    for (const path of [plan.folder, scratch]) await rm(path, { recursive: true, force: true });
  }
}

function trialRun(run: RunSpecification): RunSpecification {
  const mounts = run.mounts
    .filter(({ kind }) => kind !== "volume")
    .map((mount) => ({ ...mount, readOnly: mount.kind !== "tmpfs" || mount.readOnly }));
  const network = run.network && { ...run.network, ports: [] };
  return {
    ...run,
    mounts,
    process: { ...run.process, stdin: false },
    // the agent's laying it on would be taken for the program's need of it
    confinement: { ...run.confinement, seccomp: "unconfined" },
    ...(network && { network }),
  };
}

async function runTrial(
  engine: Engine,
  plan: MachinePlan,
  { deadlineMs, signal }: { deadlineMs: number; signal?: AbortSignal | undefined },
): Promise<Trial> {
  const { hypervisor } = engine.parts;
  const spec = machineSpec(plan);
  requireSupport(hypervisor, spec);
  const { machine, agent } = await bootMachine(hypervisor, spec, { signal });
  const over = new AbortController();
  try {
    await sharePlaced(engine, machine, plan.placed);
    await beginRecord(agent);
    const main = await agent.launch({
      machine: machineSetup(),
      id: plan.containerId,
      setup: containerSetup(plan, plan.mac),
      spec: mainProcessSpec(plan.run),
    });
    for (const stream of [main.stdout, main.stderr]) void drain(stream);
    const stop = AbortSignal.any([over.signal, ...(signal === undefined ? [] : [signal])]);
    const exit = await Promise.race([
      main.exited,
      machine.exited.then(() => {
        throw new DvmError("unavailable", "cannot fit a kernel: the trial's machine has gone");
      }),
      delay(deadlineMs, undefined, { signal: stop }),
    ]);
    return { ...(await agent.readRecord()), exitCode: exit?.exitCode };
  } finally {
    over.abort();
    await machine.kill();
    await agent[Symbol.asyncDispose]();
  }
}

async function beginRecord(agent: { beginRecord(): Promise<void> }): Promise<void> {
  try {
    await agent.beginRecord();
  } catch (error) {
    if (!(error instanceof DvmError) || error.code !== "unsupported") throw error;
    const fact = `the kernel ${trialRecipe} was built without a recorder`;
    throw new DvmError("unavailable", `cannot fit a kernel: ${fact}`, {
      hint: `run: dvm kernel build ${trialRecipe}`,
    });
  }
}

/** A program whose output nobody takes would stand still. */
async function drain(stream: OutputStream): Promise<void> {
  try {
    for await (const _ of stream);
  } catch {
    // the machine has gone, and with it the rest
  }
}
