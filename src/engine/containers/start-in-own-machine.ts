import { rm } from "node:fs/promises";
import type { Stopwatch } from "../../base/stopwatch.ts";
import type { PublishedPort } from "../../machine/machine.ts";
import type { SuppliedMachine } from "../../supply/machine-order.ts";
import type { Engine } from "../core.ts";
import { kernelOf } from "../fit.ts";
import {
  attachEndpoints,
  endNetworks,
  holdEgress,
  requireEgress,
  setNetworks,
} from "../networks.ts";
import {
  askedMac,
  containerSetup,
  hasOwnNetwork,
  type MachinePlan,
  machineSetup,
  machineSpec,
  mainProcessSpec,
  orderOf,
  placesOf,
  planMachine,
  sharePlaced,
} from "../plan.ts";
import type { BoundPort, RunEndpoint, RunNetwork, StartReport } from "../records.ts";
import type { Run } from "../runs.ts";
import type { Joined } from "./join.ts";
import { grantNames, grantSockets, openPorts } from "./open-connections.ts";
import { openRun } from "./open-run.ts";
import { portNetwork } from "./port-network.ts";
import { reservePorts } from "./reserve-ports.ts";
import { writeNetworkFiles } from "./write-network-files.ts";

/** A run that has begun, and what is told of how. */
export interface Started extends Omit<StartReport, "phases"> {
  run: Run;
  network: RunNetwork;
}

/** Brings a machine up, and starts the container as its first. What fails leaves nothing. */
export async function startInOwnMachine(
  engine: Engine,
  joined: Joined,
  watch: Stopwatch,
): Promise<Started> {
  const plan = await planStart(engine, joined, watch);
  try {
    const networks = setNetworks(engine, plan.endpoints);
    networks.catch(() => {}); // it is heard of when the machine is there
    const order = orderOf(plan);
    const supplied = await engine.supply.provide(order, watch);
    const launched = await launch(engine, { plan, supplied, networks, late: order.ports });
    watch.lap("process");
    const { origin, madeTemplate } = supplied;
    return {
      ...{ ...launched, origin, madeTemplate },
      kernel: `${plan.kernel.name} ${plan.kernel.release}`,
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
  { record, endpoints }: Joined,
  watch: Stopwatch,
): Promise<MachinePlan> {
  const { id: containerId, run } = record;
  await requireEgress(engine, containerId, endpoints);
  const network = portNetwork(engine, endpoints);
  const ports = network === undefined ? [] : await reservePorts(engine, record, network);
  const kernel = await kernelOf(engine, record, { runs: true });
  if (kernel !== run.machine.kernel) watch.lap("fit");
  const plan = await planMachine(engine, { containerId, run, endpoints, ports, kernel });
  watch.lap("plan");
  return hasOwnNetwork(plan) ? { ...plan, ports: plan.ports.filter(leadsIn) } : plan;
}

/** To a network of the machine's own no datagrams of IPv6 lead. */
function leadsIn({ protocol, hostAddress }: BoundPort): boolean {
  return protocol === "tcp" || hostAddress !== "::";
}

interface Launch {
  plan: MachinePlan;
  supplied: SuppliedMachine;
  /** The switch has the container's networks. */
  networks: Promise<void>;
  /** Ports that the VMM opens when the machine's card is the container's. */
  late: PublishedPort[];
}

/** Starts the container's process in the machine; one that can't be is ended. */
async function launch(
  engine: Engine,
  { plan, supplied, networks, late }: Launch,
): Promise<Pick<Started, "run" | "network">> {
  const { containerId, run } = plan;
  const machine = engine.machines.add(supplied, {
    ...{ containerId, room: placesOf(plan).room },
    cards: machineSpec(plan).nics.filter(({ kind }) => kind === "tap").length,
  });
  let endpoints: RunEndpoint[] = [];
  try {
    await networks;
    if (!hasOwnNetwork(plan)) await holdEgress(engine, containerId, plan.endpoints);
    endpoints = await placeCards(engine, plan, supplied);
    await grantSockets(machine, containerId, plan.specials);
    // who asks sooner is kept waiting by the relay
    const named = grantNames(engine.parts, machine, plan);
    named.catch(() => {});
    await openPorts(engine, machine, plan);
    await sharePlaced(engine, supplied.machine, plan.placed);
    const setup = containerSetup({ ...plan, endpoints }, cardMac(plan, supplied));
    await writeNetworkFiles(engine, containerId, setup);
    const main = await supplied.agent.launch({
      machine: machineSetup(),
      id: containerId,
      setup,
      spec: mainProcessSpec(run),
    });
    await named;
    // a clone's card got its MAC address just now
    if (supplied.origin !== "cold") await supplied.machine.publish(late);
    const opened = { containerId, machine, main, tty: run.process.tty };
    return { run: await openRun(engine, opened), network: { ports: plan.ports, endpoints } };
  } catch (error) {
    await machine.end();
    await endNetworks(engine, containerId, endpoints);
    throw error;
  }
}

/** The container's places in networks, as the machine has them. */
async function placeCards(
  engine: Engine,
  plan: MachinePlan,
  supplied: SuppliedMachine,
): Promise<RunEndpoint[]> {
  const { endpoints, run } = plan;
  if (!hasOwnNetwork(plan))
    return attachEndpoints(engine, { machineId: supplied.machine.id, run }, endpoints);
  const mac = cardMac(plan, supplied);
  return endpoints.map((one) => (one.card === undefined ? one : { ...one, mac }));
}
