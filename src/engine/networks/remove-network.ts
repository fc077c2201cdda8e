import { describeError, DvmError } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import { type Engine, isPredefined } from "../core.ts";
import type { NetworkRecord } from "../records.ts";
import { announceNetwork } from "./announce-network.ts";
import { switchNetworkOf } from "./switch-network.ts";

/** Removes a network that no container is in, and what carried it. */
export async function removeNetwork(engine: Engine, wanted: string): Promise<void> {
  const record = engine.networks.find(wanted);
  const { id, name } = record;
  if (isPredefined(name))
    throw new DvmError("forbidden", `${name} is a pre-defined network and cannot be removed`);
  requireUnused(engine, record);
  engine.networks.remove(id);
  if (!record.configOnly) announceNetwork(engine, "destroy", record);
  try {
    await engine.parts.switch.removeNetwork(switchNetworkOf(record));
  } catch (error) {
    engine.parts.log(`cannot take network ${name} from the switch: ${describeError(error)}`);
  }
}

function requireUnused(engine: Engine, { id, name, configOnly }: NetworkRecord): void {
  if (configOnly && engine.networks.list().some(({ configFrom }) => configFrom === name))
    throw new DvmError(
      "forbidden",
      `error while removing network: configuration network ${JSON.stringify(name)} is in use`,
    );
  const leases = engine.networks.leases.of(id);
  if (leases.length === 0) return;
  const endpoints = leases.map(({ container, endpointId }) => {
    const who = engine.containers.get(container)?.name ?? "";
    return `name:${JSON.stringify(who)} id:${JSON.stringify(shortId(endpointId))}`;
  });
  throw new DvmError(
    "forbidden",
    `error while removing network: network ${name} has active endpoints (${endpoints.join(", ")})`,
  );
}

/** Removes the networks that no container is in and that `isWanted` picks. Gives their names. */
export async function pruneNetworks(
  engine: Engine,
  isWanted: (network: NetworkRecord) => boolean,
): Promise<string[]> {
  const { networks } = engine;
  const unused = networks
    .list()
    .filter(
      (one) =>
        !isPredefined(one.name) &&
        !one.configOnly &&
        networks.leases.of(one.id).length === 0 &&
        isWanted(one),
    );
  for (const { id } of unused) await removeNetwork(engine, id);
  engine.events.emit("network", "prune", "", { reclaimed: "0" });
  return unused.map(({ name }) => name);
}
