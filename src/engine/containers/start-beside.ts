import { stat } from "node:fs/promises";
import { describeError, DvmError, ignore } from "../../base/errors.ts";
import type { Stopwatch } from "../../base/stopwatch.ts";
import { makeScratchDisk } from "../../storage/scratch.ts";
import { diskNames } from "../../supply/disk-names.ts";
import type { Engine } from "../core.ts";
import {
  imageDisk,
  mainProcessSpec,
  neighbourSetup,
  placeDevices,
  placeMounts,
  scratchDisk,
  sharePlaced,
} from "../plan.ts";
import type { ContainerRecord } from "../records.ts";
import type { Run, RunningMachine } from "../runs.ts";
import { grantSockets } from "./open-connections.ts";
import { openRun } from "./open-run.ts";
import { failedBy } from "./said-why.ts";
import { sharedNaming, writeNetworkFiles } from "./write-network-files.ts";
import type { Started } from "./start-in-own-machine.ts";

/**
 * Starts a container in the machine of another, whose network it shares, as far as that has room.
 * What fails leaves the machine and the others in it as they were.
 */
export async function startBeside(
  engine: Engine,
  record: ContainerRecord,
  watch: Stopwatch,
): Promise<Started> {
  const other = await failedBy("joining network namespace of container", async () =>
    engine.containers.find(record.run.machine.sharedWith ?? ""),
  );
  const { name, state } = other;
  if (!("run" in state))
    throw new DvmError(
      "conflict",
      `cannot join network namespace of a non running container: container ${name} is ${state.kind}`,
    );
  const { machine } = state.run;
  const slot = machine.enter(record.id);
  try {
    await machine.wake(); // the other stands still, and goes on doing so
    await putDisksIn(engine, record, { machine, slot });
    watch.lap("disks");
    const run = await launch(engine, record, { other, machine, slot });
    watch.lap("process");
    const kernel = other.lastStart?.kernel;
    return {
      ...{ run, origin: "shared", madeTemplate: false },
      ...(kernel === undefined ? {} : { kernel }),
      network: { ports: [], endpoints: [] },
    };
  } catch (error) {
    await machine.leave(record.id, { keepsDisks: true }).catch((failure: unknown) => {
      engine.parts.log(`cannot take ${record.id} out of its machine: ${describeError(failure)}`);
    });
    throw error;
  }
}

interface Place {
  machine: RunningMachine;
  slot: number;
}

async function putDisksIn(
  engine: Engine,
  { id, run }: ContainerRecord,
  { machine: { machine }, slot }: Place,
): Promise<void> {
  const path = engine.scratchPath(id);
  const isNew = (await ignore("ENOENT", () => stat(path))) === undefined;
  if (isNew) await makeScratchDisk(engine.parts.places.dataRoot, path);
  const { path: image } = await engine.parts.images.disk(run.imageId);
  const names = diskNames(slot);
  await machine.insertDisk(names.image, imageDisk({ imageDisk: image }));
  await machine.insertDisk(names.scratch, scratchDisk({ scratch: { path, isNew } }));
}

async function launch(
  engine: Engine,
  { id: containerId, run }: ContainerRecord,
  { other, machine, slot }: Place & { other: ContainerRecord },
): Promise<Run> {
  const { placed, specials, diskMounts } = await placeMounts(engine, containerId, run.mounts);
  await grantSockets(machine, containerId, specials);
  await sharePlaced(engine, machine.machine, placed);
  const { devices, deviceDisks } = await placeDevices(run.confinement.devices);
  if (deviceDisks.length + diskMounts.length > 0)
    throw new DvmError(
      "unsupported",
      "cannot mount an image, a volume of type disk, or use a disk: none can be added to a machine that runs already",
    );
  const kernel = { release: other.lastStart?.kernel?.split(" ").at(-1) ?? "" };
  const naming = await sharedNaming(engine, other.id);
  const setup = neighbourSetup(
    { containerId, run, placed, specials, devices, kernel, slot, naming },
    other.run,
  );
  await writeNetworkFiles(engine, containerId, setup);
  const main = await machine.agent.launch({ id: containerId, setup, spec: mainProcessSpec(run) });
  return openRun(engine, { containerId, machine, main, tty: run.process.tty });
}
