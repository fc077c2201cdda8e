import { isIPv4, isIPv6 } from "node:net";
import { DvmError } from "../../../base/errors.ts";
import {
  cleanMacAddress,
  type DockerRequest,
  interfaceOption,
  sysctlOption,
} from "../../records.ts";
import { refuseGiven } from "./refuse-given.ts";

type Endpoints = DockerRequest["endpoints"];
type Endpoint = Endpoints[string];

/** What every host has; all others are somebody's. */
const ownNetworks = ["bridge", "host", "none", "default"];

/** What is asked of each network, in Docker's words (daemon/container_operations.go). */
export function checkEndpoints(endpoints: Endpoints): void {
  const faults = Object.entries(endpoints).flatMap(([network, endpoint]) => {
    const fault = faultOf(network, endpoint);
    return fault === undefined ? [] : [`invalid config for network ${network}: ${fault}`];
  });
  if (faults.length > 0) throw new DvmError("invalid", joined(faults));
  for (const [network, { DriverOpts }] of Object.entries(endpoints))
    refuseGiven(`NetworkingConfig.EndpointsConfig.${network}.DriverOpts.`, {
      [interfaceOption]: DriverOpts?.[interfaceOption],
    });
}

/** Settings of the card that endpoints ask for, by the name that it has in a machine. */
export function endpointSysctls(endpoints: Endpoints): Record<string, string> {
  const settings = Object.values(endpoints).flatMap(
    ({ DriverOpts }) => DriverOpts?.[sysctlOption]?.split(",") ?? [],
  );
  return Object.fromEntries(
    settings.map((setting) => {
      const [name = "", ...value] = setting.split("=");
      return [name.replace(/\.ifname\./i, ".eth0."), value.join("=")];
    }),
  );
}

function faultOf(network: string, endpoint: Endpoint): string | undefined {
  const { MacAddress, DriverOpts } = endpoint;
  if (MacAddress !== "" && cleanMacAddress(MacAddress) === undefined)
    return `invalid MAC address ${MacAddress}`;
  const sysctls = DriverOpts?.[sysctlOption]?.split(",") ?? [];
  const faults = [...addressFaults(network, endpoint), ...sysctls.flatMap(sysctlFault)];
  return faults.length === 0 ? undefined : `invalid endpoint settings:\n${joined(faults)}`;
}

function addressFaults(network: string, { IPAMConfig, Aliases }: Endpoint): string[] {
  const { IPv4Address = "", IPv6Address = "", LinkLocalIPs = [] } = IPAMConfig ?? {};
  const isOwn = ownNetworks.includes(network);
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

function sysctlFault(setting: string): string[] {
  if (/^[^.]*\.(ipv4|ipv6|mpls)\.[^.]*\.(IFNAME|ifname)\./.test(setting)) return [];
  return [
    `unrecognised network interface sysctl '${setting}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'`,
  ];
}

/** One as it is, more of them each on a line of its own. */
function joined(faults: readonly string[]): string {
  return faults.length === 1 ? (faults[0] ?? "") : faults.map((one) => `* ${one}`).join("\n");
}
