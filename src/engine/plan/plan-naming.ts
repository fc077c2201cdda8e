import type { NamingSetup } from "../../agent/agent-client.ts";
import type { EgressRule } from "../../network/egress/egress-policy.ts";
import type { ConfiguredResolver } from "../../network/host-resolver.ts";
import type { ContainerNames } from "../../network/names/container-names.ts";
import { userNetwork } from "../../network/user-network.ts";
import type { RunEndpoint, RunSpecification } from "../records.ts";
import {
  hasLoopbackServersOnly,
  hostsFile,
  resolverFile,
  withHostGateway,
} from "./network-files.ts";
import { withoutPrefix } from "../../network/without-prefix.ts";

/** What a run has of a network, as far as names go. */
export interface NamingEndpoint extends Pick<
  RunEndpoint,
  "network" | "networkId" | "ipv4" | "ipv6" | "names"
> {
  /** The machine has a network of its own, of the VMM's making. */
  isUser: boolean;
  internal: boolean;
  /** As `NAME:ALIAS`: names that it alone has for others of the network. */
  links: readonly string[];
}

interface NamingFacts {
  containerId: string;
  run: Pick<RunSpecification, "hostname" | "domainname" | "extraHosts" | "network">;
  endpoints: readonly NamingEndpoint[];
  resolver: ConfiguredResolver;
  /** How the container reaches its host. */
  hostGateway: readonly string[];
  /** It has a resolver of its own already, and keeps it. */
  hasResolver?: boolean;
  /** What it may reach; undefined: all. */
  egress: EgressRule[] | undefined;
}

export interface PlannedNaming {
  setup: NamingSetup;
  /** What the resolver is told; undefined: the container has none. */
  names: ContainerNames | undefined;
}

const withoutResolver = new Set(["bridge", "none", "host"]);

/** How a container finds others, and they it. Pure. */
export function planNaming({
  containerId,
  run,
  endpoints,
  resolver,
  hostGateway,
  hasResolver = false,
  egress,
}: NamingFacts): PlannedNaming {
  const isUser = endpoints.some((one) => one.isUser);
  const isInside =
    !isUser &&
    (hasResolver ||
      egress !== undefined ||
      endpoints.some(({ network }) => !withoutResolver.has(network)) ||
      (endpoints.some(hasAddress) && hasLoopbackServersOnly(resolver)));
  const asked = run.network ?? { nameservers: [], search: [], options: [] };
  const file = resolverFile({
    ...{ asked, isInside, hasIpv6: endpoints.some(({ ipv6 }) => ipv6 !== "") },
    resolver: isUser ? { ...resolver, servers: [userNetwork.nameserver] } : resolver,
  });
  const { hostname, domainname } = run;
  const addresses = endpoints.flatMap(addressesOf);
  const extraHosts = withHostGateway(run.extraHosts, hostGateway);
  return {
    setup: {
      hosts: hostsFile({ hostname, domainname, addresses, extraHosts }),
      resolver: file.text,
      relay: isInside ? relayName(containerId) : "",
    },
    names: isInside
      ? {
          ...{ container: containerId, servers: file.servers, setsDots: file.setsDots },
          endpoints: endpoints.filter(hasAddress).map(namedEndpoint),
          ...(egress === undefined ? {} : { egress }),
        }
      : undefined,
  };
}

/** By which the machine's forwarder knows the resolver's socket. */
export function relayName(containerId: string): string {
  return `names-${containerId.slice(0, 12)}`;
}

function hasAddress(endpoint: NamingEndpoint): boolean {
  return addressesOf(endpoint).length > 0;
}

/** Its own, without their prefixes. */
export function addressesOf({ ipv4, ipv6 }: Pick<RunEndpoint, "ipv4" | "ipv6">): string[] {
  return [ipv4, ipv6].filter((one) => one !== "").map(withoutPrefix);
}

function namedEndpoint(endpoint: NamingEndpoint): ContainerNames["endpoints"][number] {
  const { network, networkId, internal, names, links } = endpoint;
  return {
    ...{ network: networkId, networkName: network, internal, addresses: addressesOf(endpoint) },
    // nobody is found by name on the network that all are in unasked
    names: withoutResolver.has(network) ? [] : names,
    links: links.map((link) => {
      const [name = "", alias = name] = link.split(":");
      return { name, alias };
    }),
  };
}
