import { isIPv4, isIPv6 } from "node:net";
import { DvmError } from "../../base/errors.ts";
import { parseAddress } from "../../network/addresses/address.ts";
import { contains, parseSubnet } from "../../network/addresses/subnet.ts";
import { isPredefined } from "../core.ts";
import {
  cleanMacAddress,
  type DockerRequest,
  type NetworkRecord,
  sysctlOption,
} from "../records.ts";

type Endpoint = DockerRequest["endpoints"][string];

/**
 * What is wrong with a place that is asked for in a network, in Docker's words
 * (daemon/container_operations.go). `network`: undefined where there is none of this name yet.
 */
export function endpointFault(
  name: string,
  network: NetworkRecord | undefined,
  endpoint: Endpoint,
): string | undefined {
  const { MacAddress, DriverOpts } = endpoint;
  if (MacAddress !== "" && cleanMacAddress(MacAddress) === undefined)
    return `invalid MAC address ${MacAddress}`;
  const sysctls = DriverOpts?.[sysctlOption]?.split(",") ?? [];
  const faults = [
    ...addressFaults(name, endpoint),
    ...(network === undefined ? [] : rangeFaults(network, endpoint)),
    ...sysctls.flatMap(sysctlFault),
  ];
  return faults.length === 0 ? undefined : `invalid endpoint settings:\n${joined(faults)}`;
}

/** Fails with it. */
export function requireEndpoint(network: NetworkRecord, endpoint: Endpoint): void {
  const fault = endpointFault(network.name, network, endpoint);
  if (fault !== undefined) throw new DvmError("invalid", fault);
}

/** One as it is, more of them each on a line of its own. */
export function joined(faults: readonly string[]): string {
  return faults.length === 1 ? (faults[0] ?? "") : faults.map((one) => `* ${one}`).join("\n");
}

function addressFaults(network: string, { IPAMConfig, Aliases }: Endpoint): string[] {
  const { IPv4Address = "", IPv6Address = "", LinkLocalIPs = [] } = IPAMConfig ?? {};
  const isOwn = isPredefined(network);
  const isAny = (address: string) => /^[0.:]*$/.test(address);
  return [
    ...(isOwn && (IPv4Address !== "" || IPv6Address !== "")
      ? ["user specified IP address is supported on user defined networks only"]
      : []),
    ...(isOwn && (Aliases ?? []).length > 0
      ? ["network-scoped alias is supported only for containers in user defined networks"]
      : []),
    ...(IPv4Address !== "" && (!isIPv4(IPv4Address) || isAny(IPv4Address))
      ? [`invalid IPv4 address: ${IPv4Address}`]
      : []),
    ...(IPv6Address !== "" && (!isIPv6(IPv6Address) || isAny(IPv6Address))
      ? [`invalid IPv6 address: ${IPv6Address}`]
      : []),
    ...LinkLocalIPs.filter((one) => (!isIPv4(one) && !isIPv6(one)) || isAny(one)).map(
      (one) => `invalid link-local IP address: ${one}`,
    ),
  ];
}

function rangeFaults({ pools }: NetworkRecord, { IPAMConfig }: Endpoint): string[] {
  const { IPv4Address = "", IPv6Address = "" } = IPAMConfig ?? {};
  return [
    ...(IPv4Address === "" ? [] : rangeFault(pools, 4, IPv4Address)),
    ...(IPv6Address === "" ? [] : rangeFault(pools, 6, IPv6Address)),
  ];
}

function rangeFault(pools: NetworkRecord["pools"], family: 4 | 6, text: string): string[] {
  const subnets = pools.flatMap(({ subnet, isAsked }) => {
    const parsed = parseSubnet(subnet);
    return isAsked && parsed?.family === family ? [parsed] : [];
  });
  if (subnets.length === 0)
    return [
      "user specified IP address is supported only when connecting to networks with user configured subnets",
    ];
  const address = parseAddress(text);
  return address !== undefined && subnets.some((one) => contains(one, address))
    ? []
    : [`no configured subnet or ip-range contain the IP address ${text}`];
}

function sysctlFault(setting: string): string[] {
  if (/^[^.]*\.(ipv4|ipv6|mpls)\.[^.]*\.(IFNAME|ifname)\./.test(setting)) return [];
  return [
    `unrecognised network interface sysctl '${setting}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'`,
  ];
}
