import { DvmError } from "../../base/errors.ts";
import type { Engine, HeldContainer } from "../core.ts";
import { announceNetwork, leaveNetworks, withoutEndpoint } from "../networks.ts";
import type { NetworkRecord } from "../records.ts";
import type { Run } from "../runs.ts";
import { moveNames } from "./move-names.ts";
import { movePorts } from "./move-ports.ts";
import { runToChange, tellCards } from "./connect-network.ts";

interface Wanted {
  container: string;
  network: string;
  /** Whatever state it is in. */
  force: boolean;
}

/** Has a container be in one network less: at once if it runs. */
export async function disconnectNetwork(
  engine: Engine,
  { container, network: wanted, force }: Wanted,
): Promise<void> {
  const { id } = findContainer(engine, { container, network: wanted, force });
  await engine.containers.change(id, async (held) => {
    const run = runToChange(held.record);
    const network = found(engine, wanted);
    if (run === undefined || (network === undefined && force))
      return forget(held, network?.name ?? wanted);
    const known = network ?? engine.networks.find(wanted);
    await leave(engine, held, { run, network: known });
  });
}

function findContainer(engine: Engine, { container, network, force }: Wanted) {
  try {
    return engine.containers.find(container);
  } catch (error) {
    if (!force) throw error;
    engine.networks.find(network);
    throw new DvmError("not-found", `endpoint ${container} not found`);
  }
}

function forget(held: HeldContainer, name: string): void {
  const { record } = held;
  if (!record.run.networks.some(({ network }) => network === name))
    throw new DvmError(
      "unclassified",
      `container ${record.id} is not connected to the network ${name}`,
    );
  held.note(withoutEndpoint(record, name));
}

async function leave(
  engine: Engine,
  held: HeldContainer,
  { run, network }: { run: Run; network: NetworkRecord },
): Promise<void> {
  const { record } = held;
  const { state } = record;
  const before = "endpoints" in state ? state.endpoints : [];
  const endpoint = before.find(({ networkId }) => networkId === network.id);
  if (endpoint === undefined)
    throw new DvmError(
      "unclassified",
      `container ${record.id} is not connected to network ${network.name}`,
    );
  if (endpoint.card !== undefined && endpoint.tap === "")
    throw new DvmError(
      "unsupported",
      `cannot disconnect a container from network ${network.name}: its machine keeps the network it was made with`,
    );
  const after = before.filter((one) => one !== endpoint);
  await tellCards(run, record.id, { before, after });
  await leaveNetworks(engine, [endpoint]);
  const { ports: old } = "ports" in state ? state : { ports: [] };
  const { machine } = run;
  const ports = await movePorts(engine, record, { machine, ports: old, before, after });
  held.note(withoutEndpoint(record, network.name));
  held.apply({ kind: "networked", ports, endpoints: after });
  await moveNames(engine, record, { machine, before, after });
  announceNetwork(engine, "disconnect", network, { container: record.id });
}

function found({ networks }: Engine, wanted: string): NetworkRecord | undefined {
  try {
    return networks.find(wanted);
  } catch {
    return undefined;
  }
}
