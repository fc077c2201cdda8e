import { createHash } from "node:crypto";
import type { Engine } from "../engine/core.ts";
import { namesOf } from "../engine/networks.ts";
import {
  type ContainerRecord,
  type EndpointSpecification,
  isRunning,
  type RunEndpoint,
} from "../engine/records.ts";
import { portMap } from "./port-description.ts";

/** Of an endpoint. */
const nothingAsked = {
  ...{ IPAMConfig: null, Links: null, Aliases: null, MacAddress: "", DriverOpts: null },
  GwPriority: 0,
};
const noCard = {
  ...{ EndpointID: "", Gateway: "", IPAddress: "", IPPrefixLen: 0, MacAddress: "" },
  ...{ GlobalIPv6Address: "", GlobalIPv6PrefixLen: 0, IPv6Gateway: "" },
};
/** What Docker shows of networks that it has no more. */
const ofOldNetworks = {
  HairpinMode: false,
  LinkLocalIPv6Address: "",
  LinkLocalIPv6PrefixLen: 0,
  SecondaryIPAddresses: null,
  SecondaryIPv6Addresses: null,
};

/** Of what a container's run has its networks in: always the same for one run. */
function sandboxId({ id, state, run }: ContainerRecord): string {
  if (!("endpoints" in state) || run.machine.sharedWith !== undefined) return "";
  return createHash("sha256").update(`${id} ${state.startedAt} sandbox`).digest("hex");
}

/** What a container has of its networks, each by its name. */
export function networkSettings(engine: Engine, record: ContainerRecord) {
  const { state, run } = record;
  const endpoints = isRunning(record) && "endpoints" in state ? state.endpoints : [];
  const of = (network: string) => endpoints.find((one) => one.network === network);
  const names = run.networks.toSorted((one, other) => (one.network < other.network ? -1 : 1));
  return {
    Bridge: "",
    SandboxID: sandboxId(record),
    SandboxKey: "",
    Ports: portMap(record),
    ...ofOldNetworks,
    ...cardOf(of("bridge")),
    Networks: Object.fromEntries(
      names.map((one) => [one.network, describeEndpoint(record, one, of(one.network))]),
    ),
  };
}

/** The same in a list, where Docker tells less of it. */
export function listedNetworks(engine: Engine, record: ContainerRecord) {
  const { Networks } = networkSettings(engine, record);
  return Object.fromEntries(
    Object.entries(Networks).map(([name, endpoint]) => [name, { ...endpoint, ...unlisted }]),
  );
}

const unlisted = { Links: null, Aliases: null, DriverOpts: null, DNSNames: null };

function describeEndpoint(
  record: ContainerRecord,
  specification: EndpointSpecification,
  endpoint: RunEndpoint | undefined,
) {
  const { network, networkId, aliases, isNamed } = specification;
  const asked = record.request.endpoints[network] ?? nothingAsked;
  const isNew = record.state.kind === "created";
  return {
    ...asked,
    ...cardOf(endpoint),
    ...(isNew ? { MacAddress: asked.MacAddress } : {}),
    NetworkID: networkId,
    DNSNames: isNamed && isUserDefined(network) ? namesOf(record, aliases) : null,
  };
}

function isUserDefined(name: string): boolean {
  return !["bridge", "host", "none"].includes(name);
}

function cardOf(endpoint: RunEndpoint | undefined) {
  if (endpoint === undefined) return noCard;
  const { endpointId, gateway4, gateway6, mac, ipv4, ipv6 } = endpoint;
  const [address4, prefix4] = split(ipv4);
  const [address6, prefix6] = split(ipv6);
  return {
    ...{ EndpointID: endpointId, Gateway: gateway4, IPAddress: address4, IPPrefixLen: prefix4 },
    ...{ IPv6Gateway: gateway6, GlobalIPv6Address: address6, GlobalIPv6PrefixLen: prefix6 },
    MacAddress: mac,
  };
}

function split(withPrefix: string): [address: string, prefix: number] {
  const [address = "", prefix = "0"] = withPrefix.split("/");
  return [address, Number(prefix)];
}
