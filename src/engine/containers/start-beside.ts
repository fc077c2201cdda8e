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
import { endNetworks } from "../networks.ts";
import { type Company, findCompany } from "./find-company.ts";
import type { Joined } from "./join.ts";
import { type NeighbourNetwork, neighbourNetwork } from "./neighbour-network.ts";
import { grantSockets } from "./open-connections.ts";
import { openRun } from "./open-run.ts";
import { writeNetworkFiles } from "./write-network-files.ts";
import type { Started } from "./start-in-own-machine.ts";

/**
 * Starts a container in the machine of another, whose network, IPC or processes it shares, as far as
 * that has room. What fails leaves the machine and the others in it as they were.
 */
export async function startBeside(
  engine: Engine,
  joined: Joined,
  watch: Stopwatch,
): Promise<Started> {
  const { record } = joined;
  const company = await findCompany(engine, record);
  const { machine, host } = company;
  const slot = machine.enter(record.id);
  let network: NeighbourNetwork | undefined;
  try {
    await machine.wake(); // the other stands still, and goes on doing so
    await putDisksIn(engine, record, { machine, slot });
    watch.lap("disks");
    network = await neighbourNetwork(engine, joined, company);
    const run = await launch(engine, record, { company, network, slot });
    watch.lap("process");
    const kernel = host.lastStart?.kernel;
    return {
      ...{ run, origin: "shared", madeTemplate: false },
      ...(kernel === undefined ? {} : { kernel }),
      network: { ports: network.ports, endpoints: network.endpoints },
    };
  } catch (error) {
    await machine.leave(record.id, { keepsDisks: true }).catch((failure: unknown) => {
      engine.parts.log(`cannot take ${record.id} out of its machine: ${describeError(failure)}`);
    });
    await endNetworks(engine, record.id, network?.endpoints ?? []);
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
  { company, network, slot }: { company: Company; network: NeighbourNetwork; slot: number },
): Promise<Run> {
  const { machine, host, shares } = company;
  const { placed, specials, diskMounts } = await placeMounts(engine, containerId, run.mounts);
  await grantSockets(machine, containerId, specials);
  await sharePlaced(engine, machine.machine, placed);
  const { devices, deviceDisks } = await placeDevices(run.confinement.devices);
  if (deviceDisks.length + diskMounts.length > 0)
    throw new DvmError(
      "unsupported",
      "cannot mount an image, a volume of type disk, or use a disk: none can be added to a machine that runs already",
    );
  const kernel = { release: host.lastStart?.kernel?.split(" ").at(-1) ?? "" };
  const setup = neighbourSetup({
    ...{ containerId, run, placed, specials, devices, kernel, slot },
    network: { ...network.setup, shares },
  });
  await writeNetworkFiles(engine, containerId, setup);
  const main = await machine.agent.launch({ id: containerId, setup, spec: mainProcessSpec(run) });
  return openRun(engine, { containerId, machine, main, tty: run.process.tty });
}
