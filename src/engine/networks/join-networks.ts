import { describeError, DvmError } from "../../base/errors.ts";
import { newId, newMacAddress } from "../../base/ids.ts";
import { tapName } from "../../network/switch/switch-types.ts";
import type { Engine } from "../core.ts";
import {
  type ContainerRecord,
  type EndpointSpecification,
  endpointSchema,
  type NetworkRecord,
  ownEndpoint,
  type RunEndpoint,
} from "../records.ts";
import { requireEndpoint } from "./check-endpoint.ts";
import { driverOption } from "./driver-options.ts";
import { releaseEgress } from "./hold-egress.ts";
import { namesOf } from "./endpoint-names.ts";
import { findNetworkOf } from "./find-network-of.ts";
import { isOfSwitch } from "./predefined.ts";
import { isUserDefined } from "./request-networks.ts";
import { requireCompatible } from "./require-compatible.ts";
import { mtuOf, switchNetworkOf } from "./switch-network.ts";

/** A network that a container joins, and what it asks of it. */
interface Joining {
  network: NetworkRecord;
  specification: EndpointSpecification;
}

/**
 * Gives a container that is about to start its place in each of its networks, the one with the default
 * route first. What it is given is its own until {@link leaveNetworks}.
 */
export async function joinNetworks(
  engine: Engine,
  record: ContainerRecord,
): Promise<RunEndpoint[]> {
  const joinings = record.run.networks.map((specification) => ({
    specification,
    network: findNetworkOf(engine.networks, specification),
  }));
  for (const [index, joining] of joinings.entries()) {
    requireCompatible(record, joining.network, joinings.slice(0, index));
    await requireJoinable(engine, record, joining);
  }
  const endpoints: RunEndpoint[] = [];
  try {
    for (const joining of joinings.sort(byPriority))
      endpoints.push(joinNetwork(engine, record, { ...joining, others: endpoints }));
  } catch (error) {
    for (const { endpointId } of endpoints) engine.networks.leases.release(endpointId);
    throw error;
  }
  return endpoints;
}

/** Fails where a container can't have the place that it asks for. */
async function requireJoinable(
  engine: Engine,
  { request }: Pick<ContainerRecord, "request">,
  { network, specification }: Joining,
): Promise<void> {
  if (network.configOnly)
    throw new DvmError("forbidden", "cannot create endpoint on configuration-only network");
  requireEndpoint(network, request.endpoints[specification.network] ?? endpointSchema.parse({}));
  const { interfaceName: asked } = specification;
  if (!isUserDefined(network.name) && asked === "") return;
  const refusal = await engine.switchRefusal();
  if (refusal !== undefined)
    throw new DvmError("unavailable", `cannot use network ${network.name}: ${refusal}`);
}

/** As Docker chooses the way out: by priority, then those that lead out, then by family, then by name. */
function byPriority(one: Joining, other: Joining): number {
  const rank = ({ network, specification }: Joining) => [
    -specification.gatewayPriority,
    Number(network.internal),
    -(Number(network.ipv4) + Number(network.ipv6)),
  ];
  const [ours, theirs] = [rank(one), rank(other)];
  const differs = ours.findIndex((value, index) => value !== theirs[index]);
  if (differs !== -1) return (ours[differs] ?? 0) - (theirs[differs] ?? 0);
  return one.network.name < other.network.name ? -1 : 1;
}

/** One more place, beside `others` of the same container. */
function joinNetwork(
  engine: Engine,
  record: ContainerRecord,
  { network, specification, others }: Joining & { others: readonly RunEndpoint[] },
): RunEndpoint {
  const { leases } = engine.networks;
  const endpointId = newId();
  const common = {
    ...{ network: network.name, networkId: network.id, endpointId },
    linkLocal: specification.linkLocal.map(withPrefix),
    names: isUserDefined(network.name) ? namesOf(record, specification.aliases) : [],
  };
  if (network.driver !== "bridge" || !isOfSwitch(network)) {
    const own = network.driver === "bridge" ? ownEndpoint("") : noCard;
    const endpoint = { ...own, ...common };
    leases.takeUp(record.id, { ...endpoint, ipv4: "", ipv6: "" });
    return endpoint;
  }
  const { ipv4, ipv6 } = leases.give(network, { endpointId, container: record.id }, specification);
  const [gateway4 = "", gateway6 = ""] = network.internal ? [] : gatewaysOf(network);
  return {
    ...common,
    card: firstFree(others.flatMap(({ card }) => card ?? [])),
    interfaceName: interfaceName(network, specification, others),
    mac: specification.mac === "" ? newMacAddress() : specification.mac,
    ...{ tap: "", mtu: mtuOf(network), ipv4, ipv6, gateway4, gateway6 },
  };
}

/** One more place for a container that runs, and with it all, in the order of their way out. */
export async function joinRunning(
  engine: Engine,
  record: ContainerRecord,
  { network, others }: { network: NetworkRecord; others: readonly RunEndpoint[] },
): Promise<{ endpoint: RunEndpoint; all: RunEndpoint[] }> {
  const joinings = record.run.networks.map((specification) => ({
    specification,
    network: findNetworkOf(engine.networks, specification),
  }));
  const joining = joinings.find((one) => one.network.id === network.id);
  if (joining === undefined)
    throw new DvmError("internal", `container ${record.id} is not to be in ${network.name}`);
  await requireJoinable(engine, record, joining);
  const endpoint = joinNetwork(engine, record, { ...joining, others });
  const all = joinings
    .toSorted(byPriority)
    .flatMap((one) =>
      [...others, endpoint].filter(({ networkId }) => networkId === one.network.id),
    );
  return { endpoint, all };
}

const noCard = {
  ...{ interfaceName: "", tap: "", mac: "", ipv4: "", ipv6: "" },
  ...{ gateway4: "", gateway6: "", mtu: 0 },
};

/** Has the switch make the networks of these places. */
export async function setNetworks(
  { networks, parts }: Engine,
  endpoints: readonly RunEndpoint[],
): Promise<void> {
  const switched = endpoints.filter(({ card, networkId }) => {
    const network = networks.get(networkId);
    return card !== undefined && network !== undefined && isOfSwitch(network);
  });
  await Promise.all(
    switched.map(async ({ networkId }) => {
      const network = networks.get(networkId);
      if (network !== undefined) await parts.switch.setNetwork(switchNetworkOf(network));
    }),
  );
}

/** Puts the cards of a machine on the switch. Gives the places, with the names of their taps. */
export async function attachEndpoints(
  { parts }: Engine,
  { machineId, run }: { machineId: string; run: ContainerRecord["run"] },
  endpoints: readonly RunEndpoint[],
): Promise<RunEndpoint[]> {
  const asksForHost = run.extraHosts.some((entry) => entry.endsWith("host-gateway"));
  const hostAccess = asksForHost || parts.settings().hostAccess;
  const attached = endpoints.map((one) =>
    one.card === undefined ? one : { ...one, tap: tapName(machineId, one.card) },
  );
  await Promise.all(
    attached.flatMap(({ tap, networkId, mac, ipv4, ipv6, linkLocal }) =>
      tap === ""
        ? []
        : [
            parts.switch.attach({
              ...{ tap, network: networkId, mac, hostAccess },
              addresses: [ipv4, ipv6, ...linkLocal].filter((one) => one !== ""),
            }),
          ],
    ),
  );
  return attached;
}

/** Gives up a container's places in networks. What fails is told to the log: nobody waits for it. */
export async function leaveNetworks(
  { networks, parts }: Engine,
  endpoints: readonly RunEndpoint[],
): Promise<void> {
  for (const { endpointId, tap, network } of endpoints) {
    networks.leases.release(endpointId);
    if (tap === "") continue;
    try {
      await parts.switch.detach(tap);
    } catch (error) {
      parts.log(`cannot take ${tap} out of network ${network}: ${describeError(error)}`);
    }
  }
}

/** The same of a container that runs no more: nobody finds it by name, either. */
export async function endNetworks(
  engine: Engine,
  container: string,
  endpoints: readonly RunEndpoint[],
): Promise<void> {
  await leaveNetworks(engine, endpoints);
  if (!endpoints.some(({ tap }) => tap !== "")) return;
  try {
    await releaseEgress(engine, container, endpoints);
    await engine.parts.names.remove(container);
  } catch (error) {
    engine.parts.log(`cannot forget the names of ${container}: ${describeError(error)}`);
  }
}

/** Of an address of the link, as cards have it. */
function withPrefix(address: string): string {
  return `${address}/${address.includes(":") ? 64 : 16}`;
}

function gatewaysOf({ pools }: NetworkRecord): [string, string] {
  const of = (isWanted: (gateway: string) => boolean) =>
    pools.find(({ gateway }) => isWanted(gateway))?.gateway ?? "";
  return [of((one) => !one.includes(":")), of((one) => one.includes(":"))];
}

function interfaceName(
  { options }: NetworkRecord,
  { interfaceName: asked }: EndpointSpecification,
  others: readonly RunEndpoint[],
): string {
  if (asked !== "") return asked;
  const prefix = options[driverOption.interfacePrefix] ?? "eth";
  const taken = others.flatMap(({ interfaceName: name }) =>
    name.startsWith(prefix) ? [Number(name.slice(prefix.length))] : [],
  );
  return `${prefix}${firstFree(taken)}`;
}

function firstFree(taken: readonly number[]): number {
  let number = 0;
  while (taken.includes(number)) number += 1;
  return number;
}
