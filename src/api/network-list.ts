import { DvmError } from "../base/errors.ts";
import { type Engine, isPredefined } from "../engine/core.ts";
import type { NetworkRecord } from "../engine/records.ts";
import { type Filters, matchesExactly, matchesLabels, matchesPattern } from "./filters.ts";

export const networkFilters = ["dangling", "driver", "id", "label", "name", "scope", "type"];

/** The networks that pass. */
export function listNetworks(engine: Engine, filters: Filters): NetworkRecord[] {
  const isOfType = ofTypes(filters.get("type") ?? []);
  const dangling = danglingFilter(filters);
  return engine.networks
    .list()
    .filter(
      (network) =>
        isOfType(network) &&
        (dangling === undefined || isDangling(engine, network) === dangling) &&
        matchesExactly(filters, "driver", network.driver) &&
        matchesPattern(filters, "name", network.name) &&
        matchesPattern(filters, "id", network.id) &&
        matchesExactly(filters, "scope", network.scope) &&
        matchesLabels(network.labels, filters.get("label") ?? []),
    );
}

function ofTypes(types: readonly string[]): (network: NetworkRecord) => boolean {
  const wrong = types.find((type) => type !== "builtin" && type !== "custom");
  if (wrong !== undefined) throw new DvmError("unclassified", `invalid filter: 'type'='${wrong}'`);
  return ({ name }) =>
    types.length === 0 || types.includes(isPredefined(name) ? "builtin" : "custom");
}

/** Whether it is somebody's, and nobody is in it. */
function isDangling(engine: Engine, { id, name }: NetworkRecord): boolean {
  return !isPredefined(name) && engine.networks.leases.of(id).length === 0;
}

function danglingFilter(filters: Filters): boolean | undefined {
  const [value, ...more] = filters.get("dangling") ?? [];
  if (more.length > 0)
    throw new DvmError("invalid", 'got more than one value for filter key "dangling"');
  if (value === undefined) return undefined;
  if (value === "0" || value === "false") return false;
  if (value === "1" || value === "true") return true;
  throw new DvmError(
    "invalid",
    'invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")',
  );
}

/** As Docker shows a network; who is in it only where one is looked at alone. */
export function describeNetwork(
  engine: Engine,
  network: NetworkRecord,
  options: { detailed: boolean; verbose?: boolean },
) {
  return {
    Name: network.name,
    Id: network.id,
    Created: network.createdAt,
    Scope: network.scope,
    Driver: network.driver,
    EnableIPv4: network.ipv4,
    EnableIPv6: network.ipv6,
    IPAM: {
      Driver: network.ipam.driver,
      Options: network.ipam.options,
      Config: ipamConfig(network),
    },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: network.configFrom },
    ConfigOnly: network.configOnly,
    Containers: options.detailed ? members(engine, network) : {},
    Options: network.options,
    Labels: network.labels,
  };
}

/** What was asked for, as it was; then the blocks that nobody chose. */
function ipamConfig({ ipam, pools }: NetworkRecord): object[] | null {
  const asked = ipam.config.map(({ subnet, range, gateway, auxiliary }) => ({
    Subnet: subnet,
    ...(range === "" ? {} : { IPRange: range }),
    ...(gateway === "" ? {} : { Gateway: gateway }),
    ...(Object.keys(auxiliary).length === 0 ? {} : { AuxiliaryAddresses: auxiliary }),
  }));
  const byFamily = (isIpv6: boolean) =>
    asked.filter(({ Subnet }) => Subnet.includes(":") === isIpv6);
  const hasAsked = (subnet: string) => byFamily(subnet.includes(":")).length > 0;
  const chosen = pools
    .filter(({ subnet }) => !hasAsked(subnet))
    .map(({ subnet, gateway }) => ({ Subnet: subnet, Gateway: gateway }));
  const all = [...byFamily(false), ...byFamily(true), ...chosen];
  return all.length === 0 ? null : all;
}

function members(engine: Engine, { id: networkId }: NetworkRecord) {
  const members = engine.containers
    .list()
    .flatMap((record) =>
      "endpoints" in record.state
        ? record.state.endpoints
            .filter((endpoint) => endpoint.networkId === networkId)
            .map((endpoint) => ({ record, endpoint }))
        : [],
    );
  return Object.fromEntries(
    members
      .toSorted((one, other) => (one.record.id < other.record.id ? -1 : 1))
      .map(({ record: { id, name }, endpoint: { endpointId, mac, ipv4, ipv6 } }) => [
        id,
        {
          ...{ Name: name, EndpointID: endpointId, MacAddress: mac },
          ...{ IPv4Address: ipv4, IPv6Address: ipv6 },
        },
      ]),
  );
}
