import { BlockList, isIP } from "node:net";
import { DvmError } from "../../base/errors.ts";
import type { JsonObject } from "../../client/json.ts";

interface Asked {
  /** As `10.0.0.0/24`. */
  subnets: readonly string[];
  ranges: readonly string[];
  gateways: readonly string[];
  /** By name. */
  auxiliary: Readonly<Record<string, string>>;
}

interface Config {
  Subnet: string;
  IPRange?: string;
  Gateway?: string;
  AuxiliaryAddresses?: Record<string, string>;
}

/** The subnets of a network, each with what belongs to it, in the words of docker's CLI. */
export function ipamConfigs({ subnets, ranges, gateways, auxiliary }: Asked): JsonObject[] {
  if (subnets.length < ranges.length || subnets.length < gateways.length)
    throw invalid("every ip-range or gateway must have a corresponding subnet");
  const configs: Config[] = [];
  for (const subnet of subnets) {
    if (configs.some(({ Subnet }) => matches(Subnet, subnet) || matches(subnet, Subnet)))
      throw invalid("multiple overlapping subnet configuration is not supported");
    configs.push({ Subnet: subnet });
  }
  for (const range of ranges) {
    const config = configOf(configs, range, "range");
    if (config.IPRange !== undefined)
      throw invalid(
        `cannot configure multiple ranges (${range}, ${config.IPRange}) on the same subnet (${config.Subnet})`,
      );
    config.IPRange = range;
  }
  for (const gateway of gateways) {
    const config = configOf(configs, gateway, "gateway");
    if (config.Gateway !== undefined)
      throw invalid(
        `cannot configure multiple gateways (${gateway}, ${config.Gateway}) for the same subnet (${config.Subnet})`,
      );
    config.Gateway = gateway;
  }
  for (const [name, address] of Object.entries(auxiliary)) {
    const config = configOf(configs, address, "aux-address");
    config.AuxiliaryAddresses = { ...config.AuxiliaryAddresses, [name]: address };
  }
  return configs.map((config) => ({ ...config }));
}

function configOf(configs: readonly Config[], address: string, what: string): Config {
  const found = configs.find(({ Subnet }) => matches(Subnet, address));
  if (found === undefined) throw invalid(`no matching subnet for ${what} ${address}`);
  return found;
}

/** Whether an address, or the beginning of a block, is in `subnet`. */
function matches(subnet: string, data: string): boolean {
  const [first = "", bits = ""] = subnet.split("/");
  const family = isIP(first) === 6 ? "ipv6" : "ipv4";
  if (isIP(first) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === "ipv6" ? 128 : 32))
    throw invalid(`invalid subnet: invalid CIDR address: ${subnet}`);
  const [address = ""] = data.split("/");
  if (isIP(address) === 0) throw invalid(`invalid subnet: invalid CIDR address: ${data}`);
  const block = new BlockList();
  block.addSubnet(first, Number(bits), family);
  return block.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

function invalid(message: string): DvmError {
  return new DvmError("invalid", message);
}
