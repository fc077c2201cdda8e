import { DvmError } from "../../base/errors.ts";
import { formatAddress, parseAddress } from "../../network/addresses/address.ts";
import {
  contains,
  formatSubnet,
  maskOf,
  overlaps,
  parsePrefix,
  type Subnet,
} from "../../network/addresses/subnet.ts";
import type { IpamConfig, NetworkRequest } from "./network-request.ts";

/** What is asked of a network's addresses, in Docker's words (api/types/network/ipam.go). */
export function checkIpam(ipam: NetworkRequest["IPAM"], ipv6: boolean): void {
  const faults = (ipam?.Config ?? []).flatMap((config) => faultsOf(config, ipv6));
  if (faults.length === 0) return;
  const joined =
    faults.length === 1 ? (faults[0] ?? "") : faults.map((one) => `* ${one}`).join("\n");
  throw new DvmError("invalid", `invalid network config:\n${joined}`);
}

function faultsOf({ Subnet, IPRange, Gateway, AuxiliaryAddresses }: IpamConfig, ipv6: boolean) {
  const prefix = parsePrefix(Subnet);
  if (prefix === undefined) return [`invalid subnet ${Subnet}: invalid CIDR block notation`];
  const subnet = maskOf(prefix.address, prefix.bits);
  if (subnet.family === 6 && !ipv6) return [];
  const named = formatSubnet(subnet);
  const gateway = addressFault(Gateway, subnet);
  return [
    ...(prefix.address.value === subnet.first
      ? []
      : [`invalid subnet ${formatAddress(prefix.address)}/${prefix.bits}: it should be ${named}`]),
    ...rangeFaults(IPRange, subnet),
    ...(gateway === undefined ? [] : [`invalid gateway ${Gateway}: ${gateway}`]),
    ...Object.entries(AuxiliaryAddresses).flatMap(([name, address]) => {
      const fault = addressFault(address, subnet);
      return fault === undefined ? [] : [`invalid auxiliary address ${name}: ${fault}`];
    }),
  ];
}

function rangeFaults(given: string, subnet: Subnet): string[] {
  if (given === "") return [];
  const prefix = parsePrefix(given);
  if (prefix === undefined) return [`invalid ip-range ${given}: invalid CIDR block notation`];
  const range = maskOf(prefix.address, prefix.bits);
  if (range.family !== subnet.family)
    return [`invalid ip-range ${given}: parent subnet is an IPv${subnet.family} block`];
  const [named, parent] = [formatSubnet(range), formatSubnet(subnet)];
  return [
    ...(range.bits < subnet.bits
      ? [`invalid ip-range ${given}: CIDR block is bigger than its parent subnet ${parent}`]
      : []),
    ...(prefix.address.value === range.first
      ? []
      : [
          `invalid ip-range ${formatAddress(prefix.address)}/${prefix.bits}: it should be ${named}`,
        ]),
    ...(overlaps(subnet, range)
      ? []
      : [`invalid ip-range ${given}: parent subnet ${parent} doesn't contain ip-range`]),
  ];
}

function addressFault(given: string, subnet: Subnet): string | undefined {
  if (given === "") return undefined;
  const address = parseAddress(given);
  if (address === undefined) return "invalid address";
  if (address.family !== subnet.family) return `parent subnet is an IPv${subnet.family} block`;
  if (!contains(subnet, address))
    return `parent subnet ${formatSubnet(subnet)} doesn't contain this address`;
  return undefined;
}
