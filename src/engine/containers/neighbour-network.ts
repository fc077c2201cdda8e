import type { ContainerSetup } from "../../agent/agent-client.ts";
import { egressOf, type Engine } from "../core.ts";
import { attachEndpoints, holdEgress, setNetworks } from "../networks.ts";
import { cardsOf, namingEndpoints, planNaming } from "../plan.ts";
import type { BoundPort, ContainerRecord, RunEndpoint } from "../records.ts";
import type { RunningMachine } from "../runs.ts";
import type { Company } from "./find-company.ts";
import type { Joined } from "./join.ts";
import { grantNames, publishPorts } from "./open-connections.ts";
import { portNetwork } from "./port-network.ts";
import { reservePorts } from "./reserve-ports.ts";
import { onSpareCards } from "./spare-cards.ts";
import { sharedNaming } from "./write-network-files.ts";

/** What a container that comes into a running machine has of networks. */
export interface NeighbourNetwork {
  setup: Pick<ContainerSetup, "hostname" | "network" | "naming">;
  endpoints: RunEndpoint[];
  ports: BoundPort[];
}

/** Names and network are those of the one whose network it shares, else its own. */
export async function neighbourNetwork(
  engine: Engine,
  joined: Joined,
  { machine, network: owner }: Company,
): Promise<NeighbourNetwork> {
  if (owner === undefined) return ownNetwork(engine, joined, machine);
  const naming = await sharedNaming(engine, owner.id);
  const network = { namespace: namespaceOf(engine, owner), cards: [] };
  return { setup: { hostname: owner.run.hostname, naming, network }, endpoints: [], ports: [] };
}

/** Named after the container that it was made for; the machine's own is its first container's. */
function namespaceOf(engine: Engine, { id, run }: ContainerRecord): string {
  const { sharedWith, sharesIpcWith, sharesPidWith } = run.machine;
  if (sharedWith !== undefined) return namespaceOf(engine, engine.containers.find(sharedWith));
  return sharesIpcWith === undefined && sharesPidWith === undefined ? "" : id;
}

async function ownNetwork(
  engine: Engine,
  joined: Joined,
  machine: RunningMachine,
): Promise<NeighbourNetwork> {
  const { record } = joined;
  const { id: containerId, run } = record;
  const placed = onSpareCards(engine, { record, machine, endpoints: joined.endpoints });
  await setNetworks(engine, placed);
  const place = portNetwork(engine, placed);
  const ports = place === undefined ? [] : await reservePorts(engine, record, place);
  const naming = planNaming({
    ...{ containerId, run, resolver: await engine.parts.hostResolver() },
    egress: egressOf(engine, containerId, placed),
    endpoints: namingEndpoints(engine, { run, endpoints: placed, isUser: false }),
    hostGateway: await engine.hostGateway(),
  });
  await holdEgress(engine, containerId, placed);
  const endpoints = await attachEndpoints(engine, { machineId: machine.id, run }, placed);
  await grantNames(engine.parts, machine, { containerId, naming });
  if (place !== undefined) await publishPorts(machine, containerId, { ports, place });
  const network = { namespace: containerId, cards: cardsOf(endpoints) };
  return { setup: { hostname: run.hostname, naming: naming.setup, network }, endpoints, ports };
}
