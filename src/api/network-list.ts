import { DvmError } from "../base/errors.ts";
import { type Engine, type PredefinedNetwork, predefinedNetworks } from "../engine/core.ts";
import { isRunning } from "../engine/records.ts";
import { networkMode } from "./container-description.ts";
import { networkSettings } from "./network-settings.ts";
import { type Filters, matchesExactly, matchesPattern } from "./filters.ts";

export const networkFilters = ["dangling", "driver", "id", "label", "name", "scope", "type"];

/** The networks that pass. Each is predefined, has no labels, and counts as used. */
export function listNetworks(engine: Engine, filters: Filters): PredefinedNetwork[] {
  const isWanted = ofTypes(filters.get("type") ?? []) && !onlyDangling(filters);
  return predefinedNetworks(engine).filter(
    ({ name, id, driver }) =>
      isWanted &&
      matchesExactly(filters, "driver", driver) &&
      matchesPattern(filters, "name", name) &&
      matchesPattern(filters, "id", id) &&
      matchesExactly(filters, "scope", "local") &&
      (filters.get("label") ?? []).length === 0,
  );
}

function ofTypes(types: readonly string[]): boolean {
  const wrong = types.find((type) => type !== "builtin" && type !== "custom");
  if (wrong !== undefined) throw new DvmError("unclassified", `invalid filter: 'type'='${wrong}'`);
  return types.length === 0 || types.includes("builtin");
}

function onlyDangling(filters: Filters): boolean {
  const [value, ...more] = filters.get("dangling") ?? [];
  if (more.length > 0)
    throw new DvmError("invalid", 'got more than one value for filter key "dangling"');
  if (value === undefined || value === "0" || value === "false") return false;
  if (value === "1" || value === "true") return true;
  throw new DvmError(
    "invalid",
    'invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")',
  );
}

/** The network of this name, id, or beginning of an id. */
export function findNetwork(engine: Engine, wanted: string): PredefinedNetwork {
  const networks = predefinedNetworks(engine);
  const exact = networks.find(({ id, name }) => id === wanted || name === wanted);
  const [begun, ...more] = networks.filter(({ id }) => wanted !== "" && id.startsWith(wanted));
  if (exact === undefined && more.length > 0)
    throw new DvmError(
      "invalid",
      `network ${wanted} is ambiguous (${more.length + 1} matches found based on ID prefix)`,
    );
  const found = exact ?? begun;
  if (found === undefined) throw new DvmError("not-found", `network ${wanted} not found`);
  return found;
}

/** Containers of it reach the outside behind the host's addresses, and not each other. */
const bridgeOptions = {
  "com.docker.network.bridge.default_bridge": "true",
  "com.docker.network.bridge.enable_icc": "false",
  "com.docker.network.bridge.enable_ip_masquerade": "true",
  "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
  "com.docker.network.driver.mtu": "1500",
};

/** As Docker shows a network; who is in it only where one is looked at alone. */
export function describeNetwork(
  engine: Engine,
  network: PredefinedNetwork,
  options: { detailed: boolean },
) {
  const { name, id, driver, subnets } = network;
  return {
    Name: name,
    Id: id,
    Created: engine.identity.createdAt,
    Scope: "local",
    Driver: driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: "default", Options: null, Config: subnets.length === 0 ? null : subnets },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: options.detailed ? members(engine, network) : {},
    Options: driver === "bridge" ? bridgeOptions : {},
    Labels: {},
  };
}

function members(engine: Engine, { name }: PredefinedNetwork) {
  const running = engine.containers
    .list()
    .filter((record) => isRunning(record) && networkMode(record) === name);
  return Object.fromEntries(
    running.map((record) => {
      const { EndpointID, MacAddress, IPAddress, IPPrefixLen } = networkSettings(engine, record);
      const IPv4Address = IPAddress === "" ? "" : `${IPAddress}/${IPPrefixLen}`;
      return [
        record.id,
        { Name: record.name, EndpointID, MacAddress, IPv4Address, IPv6Address: "" },
      ];
    }),
  );
}
