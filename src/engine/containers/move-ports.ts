import type { Engine } from "../core.ts";
import type { BoundPort, ContainerRecord, RunEndpoint } from "../records.ts";
import type { RunningMachine } from "../runs.ts";
import { publishPorts } from "./open-connections.ts";
import { portNetwork } from "./port-network.ts";
import { reservePorts } from "./reserve-ports.ts";

interface Move {
  machine: RunningMachine;
  ports: readonly BoundPort[];
  before: readonly RunEndpoint[];
  after: readonly RunEndpoint[];
}

/**
 * Has a container's ports lead to where its way out is now; then those whose number was free to choose
 * get another, as in Docker. Gives what it has.
 */
export async function movePorts(
  engine: Engine,
  record: ContainerRecord,
  { machine, ports, before, after }: Move,
): Promise<BoundPort[]> {
  const [old, now] = [portNetwork(engine, before), portNetwork(engine, after)];
  if (JSON.stringify(old) === JSON.stringify(now)) return [...ports];
  await machine.forwarder.withdraw(record.id);
  if (now === undefined) return [];
  try {
    const reserved = await reservePorts(engine, record, now);
    await publishPorts(machine, record.id, { ports: reserved, place: now });
    return reserved;
  } finally {
    engine.ports.settle(record.id);
  }
}
