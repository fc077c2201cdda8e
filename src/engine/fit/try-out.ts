import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { OutputStream } from "../../agent/output-stream.ts";
import type { UsesRecord } from "../../agent/uses.ts";
import { DvmError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import { trialRecipe } from "../../kernel/fit/known-features.ts";
import { makeScratchDisk } from "../../storage/scratch.ts";
import { bootMachine } from "../boot-machine.ts";
import { shortId, type ContainerRecord } from "../container-record.ts";
import type { Engine } from "../engine.ts";
import { disksFolder } from "../machine-pool.ts";
import { machineSetup, machineSpec, type MachinePlan } from "../machine-plan.ts";
import { unownedFolders } from "../make-template.ts";
import { mainProcessSpec } from "../process-spec.ts";
import { planMachine } from "../plan-machine.ts";

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
  const record = trialRecord(container);
  const runFolder = join(unownedFolders(engine.parts.places.runRoot), shortId(record.id));
  const disks = disksFolder(engine.parts.places.dataRoot);
  const scratch = join(disks, `${shortId(record.id)}.img`);
  try {
    for (const folder of [runFolder, disks]) await mkdir(folder, { recursive: true, mode: 0o700 });
    const planned = await planMachine(engine, record, trialRecipe);
    await makeScratchDisk(engine.parts.places.dataRoot, scratch);
    const plan = { ...planned, runFolder, scratch: { path: scratch, isNew: true } };
    return await runTrial(engine, plan, options);
  } finally {
    for (const path of [runFolder, scratch, engine.runFolder(record.id)])
      await rm(path, { recursive: true, force: true });
  }
}

function trialRecord(record: ContainerRecord): ContainerRecord {
  const mounts = record.mounts
    .filter(({ Type }) => Type !== "volume")
    .map((mount) => ({ ...mount, RW: mount.Type === "tmpfs" && mount.RW }));
  const config = { ...record.config, OpenStdin: false };
  return { ...record, id: newId(), mounts, config, requestedPorts: [], ports: [] };
}

async function runTrial(
  engine: Engine,
  plan: MachinePlan,
  { deadlineMs, signal }: { deadlineMs: number; signal?: AbortSignal | undefined },
): Promise<Trial> {
  const { machine, agent } = await bootMachine(engine.parts.hypervisor, machineSpec(plan), {
    signal,
  });
  const over = new AbortController();
  try {
    await beginRecord(agent);
    const main = await agent.launch(machineSetup(plan), mainProcessSpec(plan.record));
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
