import { egressLabel, parseEgress } from "../../network/egress/egress-policy.ts";
import { DvmError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import { timestamp } from "../../base/timestamps.ts";
import { type Engine, isPredefined } from "../core.ts";
import type { NetworkRecord } from "../records.ts";
import { allocatePools } from "./allocate-pools.ts";
import { announceNetwork } from "./announce-network.ts";
import { checkIpam } from "./check-ipam.ts";
import { checkDriverOptions, driverOption, parseGoBoolean } from "./driver-options.ts";
import type { NetworkRequest } from "./network-request.ts";

/** Makes a network; its switch is made when the first container starts in it. */
export function createNetwork(engine: Engine, asked: NetworkRequest): NetworkRecord {
  checkNetworkRequest(engine, asked);
  const wanted = asked.ConfigFrom === null ? ownConfig(asked) : borrowed(engine, asked);
  const record: NetworkRecord = {
    ...wanted,
    ...{ version: 1, id: newId(), name: asked.Name, createdAt: timestamp() },
    driver: asked.ConfigOnly ? "null" : "bridge",
    scope: asked.Scope === "" || asked.ConfigOnly ? "local" : asked.Scope,
    ...{ internal: asked.Internal, attachable: asked.Attachable, configOnly: asked.ConfigOnly },
    configFrom: asked.ConfigFrom?.Network ?? "",
    pools: [],
  };
  parseEgress(record.labels[egressLabel] ?? "");
  if (!asked.ConfigOnly) record.pools = poolsOf(engine, record);
  engine.networks.save(record);
  announceNetwork(engine, "create", record);
  return record;
}

type Config = Pick<NetworkRecord, "ipv4" | "ipv6" | "labels" | "options" | "ipam">;

function ownConfig(asked: NetworkRequest): Config {
  const { Options, Labels, IPAM } = asked;
  return {
    ...familiesOf(asked),
    labels: Labels,
    options: withoutFamilies(asked, Options),
    ipam: {
      driver: IPAM === null || IPAM.Driver === "" ? "default" : IPAM.Driver,
      options: IPAM?.Options ?? null,
      config: (IPAM?.Config ?? []).map(({ Subnet, IPRange, Gateway, AuxiliaryAddresses }) => ({
        ...{ subnet: Subnet, range: IPRange, gateway: Gateway, auxiliary: AuxiliaryAddresses },
      })),
    },
  };
}

/** What is said of a family beside the options hides what they say of it. */
function withoutFamilies(
  { EnableIPv4, EnableIPv6 }: NetworkRequest,
  options: Record<string, string>,
): Record<string, string> {
  const hidden = [
    ...(EnableIPv4 === null ? [] : [driverOption.ipv4 as string]),
    ...(EnableIPv6 === null ? [] : [driverOption.ipv6 as string]),
  ];
  return Object.fromEntries(Object.entries(options).filter(([key]) => !hidden.includes(key)));
}

function familiesOf({ EnableIPv4, EnableIPv6, Options }: NetworkRequest) {
  const option = (key: string, otherwise: boolean) => {
    const text = Options[key];
    if (text === undefined) return otherwise;
    const value = parseGoBoolean(text);
    if (value === undefined)
      throw new DvmError("invalid", `driver-opt ${JSON.stringify(key)} is not a valid bool`);
    return value;
  };
  return {
    ipv4: EnableIPv4 ?? option(driverOption.ipv4, true),
    ipv6: EnableIPv6 ?? option(driverOption.ipv6, false),
  };
}

/** Of a network that is there for its configuration. */
function borrowed(engine: Engine, { ConfigFrom }: NetworkRequest): Config {
  const name = ConfigFrom?.Network ?? "";
  const found = engine.networks.named(name);
  if (found === undefined || !found.configOnly)
    throw new DvmError("not-found", `configuration network ${JSON.stringify(name)} does not exist`);
  const { ipv4, ipv6, labels, options, ipam } = found;
  return { ipv4, ipv6, labels, options, ipam };
}

/** In the order in which Docker looks at it. */
function checkNetworkRequest(engine: Engine, asked: NetworkRequest): void {
  const { Name, Driver, IPAM } = asked;
  if (isPredefined(Name))
    throw new DvmError("forbidden", `operation is not permitted on predefined ${Name} network `);
  if (Driver === "overlay")
    throw new DvmError(
      "forbidden",
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    );
  const { ipv6 } = familiesOf(asked);
  checkIpam(IPAM, ipv6);
  if (Name.trim() === "") throw new DvmError("invalid", "invalid name: name is empty");
  if (engine.networks.named(Name) !== undefined)
    throw new DvmError("conflict", `network with name ${Name} already exists`);
  checkConfiguration(asked);
  if (asked.ConfigOnly) return;
  checkDriver(asked);
  if (asked.ConfigFrom === null) checkDriverOptions(asked.Options);
}

function checkConfiguration(asked: NetworkRequest): void {
  const { ConfigOnly, ConfigFrom, Internal, Attachable, Ingress, Scope, IPAM } = asked;
  if (ConfigOnly && (Internal || Attachable || Ingress || Scope !== ""))
    throw new DvmError(
      "forbidden",
      "configuration network can only contain network specific fields. Network operator fields like [ ingress | internal | attachable | scope ] are not supported.",
    );
  if (ConfigFrom === null || ConfigFrom.Network === "") return;
  if (ConfigOnly)
    throw new DvmError(
      "forbidden",
      "a configuration network cannot depend on another configuration network",
    );
  const { ipv4, ipv6 } = familiesOf({ ...asked, Options: {} });
  const hasOwn =
    !["", "default"].includes(IPAM?.Driver ?? "") ||
    !ipv4 ||
    ipv6 ||
    Object.keys({ ...asked.Labels, ...IPAM?.Options }).length > 0 ||
    (IPAM?.Config ?? []).length > 0;
  if (hasOwn)
    throw new DvmError(
      "forbidden",
      "user specified configurations are not supported if the network depends on a configuration network",
    );
  if (Object.keys(asked.Options).length > 0)
    throw new DvmError(
      "forbidden",
      "network driver options are not supported if the network depends on a configuration network",
    );
}

function checkDriver({ Name, Driver, Scope, Ingress, IPAM }: NetworkRequest): void {
  const driver = Driver === "" ? "bridge" : Driver;
  if (driver === "macvlan" || driver === "ipvlan")
    throw new DvmError(
      "unsupported",
      `cannot create network ${Name}: driver ${driver} gives containers a place on a card of the host's, and a machine has none there`,
      { hint: "networks of driver bridge reach the outside, and are reached by published ports" },
    );
  if (!["bridge", "host", "null"].includes(driver))
    throw new DvmError("not-found", `plugin ${JSON.stringify(driver)} not found`);
  if (Ingress) throw new DvmError("forbidden", "Ingress network can only be global scope network");
  if (Scope === "swarm")
    throw new DvmError(
      "forbidden",
      "cannot create a swarm scoped network when swarm is not active",
    );
  if (driver !== "bridge")
    throw new DvmError(
      "forbidden",
      `only one instance of ${JSON.stringify(driver)} network is allowed`,
    );
  const ipam = IPAM?.Driver ?? "";
  if (ipam === "null") throw new DvmError("invalid", "ipv4 pool is empty");
  if (ipam !== "" && ipam !== "default")
    throw new DvmError("not-found", `plugin ${JSON.stringify(ipam)} not found`);
}

function poolsOf(engine: Engine, record: NetworkRecord): NetworkRecord["pools"] {
  const { ipv4, ipv6, ipam, id } = record;
  if (!ipv4 && !ipv6) throw new DvmError("invalid", "IPv4 or IPv6 must be enabled");
  const pools = allocatePools(engine, { ipv4, ipv6, config: ipam.config });
  const name = record.options[driverOption.name];
  const other =
    name === undefined
      ? undefined
      : engine.networks.list().find(({ options }) => options[driverOption.name] === name);
  if (other !== undefined)
    throw new DvmError(
      "forbidden",
      `cannot create network ${id} (${name}): conflicts with network ${other.id} (${name}): networks have same bridge name`,
    );
  return pools;
}
