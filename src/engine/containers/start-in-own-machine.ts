import { rm } from "node:fs/promises";
import type { Stopwatch } from "../../base/stopwatch.ts";
import type { PublishedPort } from "../../machine/machine.ts";
import type { SuppliedMachine } from "../../supply/machine-order.ts";
import type { Engine } from "../core.ts";
import { kernelOf } from "../fit.ts";
import {
  askedMac,
  bindPorts,
  containerSetup,
  type MachinePlan,
  machineSetup,
  mainProcessSpec,
  orderOf,
  planMachine,
  sharePlaced,
} from "../plan.ts";
import {
  type BoundPort,
  type ContainerRecord,
  ownEndpoints,
  type RunNetwork,
  type StartReport,
} from "../records.ts";
import type { Run } from "../runs.ts";
import { grantSockets, openPorts } from "./open-connections.ts";
import { openRun } from "./open-run.ts";
import { writeNetworkFiles } from "./write-network-files.ts";

/** A run that has begun, and what is told of how. */
export interface Started extends Omit<StartReport, "phases"> {
  run: Run;
  network: RunNetwork;
}

/** Brings a machine up, and starts the container as its first. What fails leaves nothing. */
export async function startInOwnMachine(
  engine: Engine,
  record: ContainerRecord,
  watch: Stopwatch,
): Promise<Started> {
  const plan = await planStart(engine, record, watch);
  try {
    const order = orderOf(plan);
    const supplied = await engine.supply.provide(order, watch);
    const { run, ports } = await launch(engine, record, { plan, supplied, late: order.ports });
    watch.lap("process");
    const { origin, madeTemplate } = supplied;
    return {
      ...{ run, origin, madeTemplate },
      kernel: `${plan.kernel.name} ${plan.kernel.release}`,
      network: {
        ports,
        endpoints: plan.run.network === undefined ? [] : ownEndpoints(cardMac(plan, supplied)),
      },
    };
  } catch (error) {
    await rm(plan.folder, { recursive: true, force: true });
    throw error;
  }
}

/** A machine that stood ready keeps its own, unless the user chose one. */
function cardMac(plan: MachinePlan, { mac }: SuppliedMachine): string {
  return askedMac(plan.run) ?? mac ?? plan.mac;
}

async function planStart(
  engine: Engine,
  record: ContainerRecord,
  watch: Stopwatch,
): Promise<MachinePlan> {
  const { id: containerId, run } = record;
  const forwardsTcp = engine.parts.hypervisor.capabilities.connections;
  const ports = await bindPorts(run.network?.ports ?? [], { forwardsTcp });
  const kernel = await kernelOf(engine, record, { runs: true });
  if (kernel !== run.machine.kernel) watch.lap("fit");
  const plan = await planMachine(engine, { containerId, run, ports, kernel });
  watch.lap("plan");
  return plan;
}

interface Launch {
  plan: MachinePlan;
  supplied: SuppliedMachine;
  /** Ports that the VMM opens when the machine's card is the container's. */
  late: PublishedPort[];
}

/** Starts the container's process in the machine; one that can't be is ended. */
async function launch(
  engine: Engine,
  { id: containerId, run }: ContainerRecord,
  { plan, supplied, late }: Launch,
): Promise<{ run: Run; ports: BoundPort[] }> {
  const machine = engine.machines.add(supplied, { containerId, room: run.machine.room });
  try {
    await grantSockets(machine, containerId, plan.specials);
    const ports = await openPorts(machine, plan);
    const mac = cardMac(plan, supplied);
    await sharePlaced(engine, supplied.machine, plan.placed);
    const setup = containerSetup(plan, mac);
    await writeNetworkFiles(engine, containerId, setup);
    const main = await supplied.agent.launch({
      machine: machineSetup(),
      id: containerId,
      setup,
      spec: mainProcessSpec(run),
    });
    // a clone's card got its MAC address just now
    if (supplied.origin !== "cold") await supplied.machine.publish(late);
    const opened = { containerId, machine, main, tty: run.process.tty };
    return { run: await openRun(engine, opened), ports };
  } catch (error) {
    await machine.end();
    throw error;
  }
}
