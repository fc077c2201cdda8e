import { DvmError } from "../../base/errors.ts";
import type { Engine, HeldContainer } from "../core.ts";
import {
  announceNetwork,
  attachEndpoints,
  holdEgress,
  joinRunning,
  leaveNetworks,
  requireCompatible,
  requireEndpoint,
  setNetworks,
  withEndpoint,
} from "../networks.ts";
import { cardsOf } from "../plan.ts";
import type { ContainerRecord, DockerRequest, NetworkRecord, RunEndpoint } from "../records.ts";
import type { Run } from "../runs.ts";
import { moveNames } from "./move-names.ts";
import { movePorts } from "./move-ports.ts";
import { spareCards } from "./spare-cards.ts";

type Asked = DockerRequest["endpoints"][string];

/** Has a container be in one network more: at once if it runs, else from its next start on. */
export async function connectNetwork(
  engine: Engine,
  { container, network: wanted }: { container: string; network: string },
  asked: Asked,
): Promise<void> {
  const { id } = engine.containers.find(container);
  await engine.containers.change(id, async (held) => {
    const run = runToChange(held.record);
    if (run !== undefined) return connectRunning(engine, held, { run, wanted, asked });
    connectStopped(engine, held, { wanted, asked });
  });
}

/** Undefined: nothing of it runs. */
export function runToChange({ state, name }: ContainerRecord): Run | undefined {
  if ("run" in state) return state.run;
  if (state.kind === "detached")
    throw new DvmError(
      "unavailable",
      `cannot change the networks of container ${name}: its machine can't answer now`,
    );
  return undefined;
}

/** A network that isn't there may come before the start. */
function connectStopped(
  engine: Engine,
  held: HeldContainer,
  { wanted, asked }: { wanted: string; asked: Asked },
): void {
  const { record } = held;
  const network = found(engine, wanted);
  if (network !== undefined) {
    requireEndpoint(network, asked);
    requireCompatible(record, network, networksOf(engine, record));
    // as with Docker, it keeps the place that it has
    if (record.run.networks.some((one) => one.network === network.name)) return;
  }
  const place = { asked, networkId: "", isNamed: network !== undefined };
  held.note(withEndpoint(record, network?.name ?? wanted, place));
}

interface Connect {
  run: Run;
  wanted: string;
  asked: Asked;
}

async function connectRunning(
  engine: Engine,
  held: HeldContainer,
  { run, wanted, asked }: Connect,
): Promise<void> {
  const { record } = held;
  const before = "endpoints" in record.state ? record.state : { endpoints: [], ports: [] };
  if (record.run.machine.sharedWith !== undefined)
    throw new DvmError(
      "invalid",
      "container sharing network namespace with another container or host cannot be connected to any other network",
    );
  const network = engine.networks.find(wanted);
  requireEndpoint(network, asked);
  requireCompatible(record, network, networksOf(engine, record));
  if (before.endpoints.some(({ networkId }) => networkId === network.id))
    throw new DvmError(
      "forbidden",
      `endpoint with name ${record.name} already exists in network ${network.name}`,
    );
  const place = { asked, networkId: network.id, isNamed: true };
  const kept = { ...record, ...withEndpoint(record, network.name, place) };
  const joined = await joinRunning(engine, kept, { network, others: before.endpoints });
  try {
    const endpoints = await plugIn(engine, kept, { run, joined });
    held.note({ request: kept.request, run: kept.run });
    const change = { machine: run.machine, ports: before.ports, before: before.endpoints };
    const ports = await movePorts(engine, kept, { ...change, after: endpoints });
    held.apply({ kind: "networked", ports, endpoints });
    const { machine } = run;
    await moveNames(engine, kept, { machine, before: before.endpoints, after: endpoints });
  } catch (error) {
    await leaveNetworks(engine, [joined.endpoint]);
    throw error;
  }
  announceNetwork(engine, "connect", network, { container: record.id });
}

interface PlugIn {
  run: Run;
  /** The new place, and all in the order of their way out. */
  joined: { endpoint: RunEndpoint; all: RunEndpoint[] };
}

/** Gives the machine's card its place on the switch, and the container the card. */
async function plugIn(
  engine: Engine,
  record: ContainerRecord,
  { run, joined }: PlugIn,
): Promise<RunEndpoint[]> {
  const { endpoint, all } = joined;
  if (endpoint.card === undefined) return all;
  const { cards } = run.machine;
  const [card] = spareCards(engine, run.machine);
  if (card === undefined)
    throw new DvmError(
      "unavailable",
      `cannot connect container ${record.name} to network ${endpoint.network}: its machine has ${cards} cards for networks, and all are in use`,
      { hint: "connect it before it starts" },
    );
  endpoint.card = card;
  await setNetworks(engine, [endpoint]);
  await holdEgress(engine, record.id, all);
  const machineId = run.machine.machine.id;
  const [attached = endpoint] = await attachEndpoints(engine, { machineId, run: record.run }, [
    endpoint,
  ]);
  endpoint.tap = attached.tap;
  await tellCards(run, record.id, { before: without(all, endpoint), after: all });
  return all;
}

function without(all: readonly RunEndpoint[], { endpointId }: RunEndpoint): RunEndpoint[] {
  return all.filter((one) => one.endpointId !== endpointId);
}

/** Has the guest's cards be as they are to be now; a card whose way out has changed is told anew. */
export async function tellCards(
  { machine: { agent } }: Run,
  containerId: string,
  { before, after }: { before: readonly RunEndpoint[]; after: readonly RunEndpoint[] },
): Promise<void> {
  const [old, now] = [cardsOf(before), cardsOf(after)];
  for (const { index } of old)
    if (!now.some((card) => card.index === index)) await agent.detachCard(containerId, index);
  for (const card of now) {
    const known = old.find(({ index }) => index === card.index);
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(card)) continue;
    await agent.attachCard(containerId, card);
  }
}

function networksOf({ networks }: Engine, { run }: ContainerRecord) {
  return run.networks.flatMap(({ network, networkId }) => {
    const found = networks.get(networkId) ?? networks.named(network);
    return found === undefined ? [] : [{ network: found }];
  });
}

function found({ networks }: Engine, wanted: string): NetworkRecord | undefined {
  try {
    return networks.find(wanted);
  } catch {
    return undefined;
  }
}
