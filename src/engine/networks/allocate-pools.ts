import { createHash } from "node:crypto";
import { networkInterfaces } from "node:os";
import { DvmError } from "../../base/errors.ts";
import { formatAddress, parseAddress } from "../../network/addresses/address.ts";
import { freeAddress } from "../../network/addresses/free-address.ts";
import { type AddressPool, defaultPools, freeSubnet } from "../../network/addresses/pools.ts";
import {
  formatSubnet,
  overlaps,
  parseSubnet,
  type Subnet,
} from "../../network/addresses/subnet.ts";
import type { Engine } from "../core.ts";
import type { NetworkConfig, NetworkPool } from "../records.ts";

interface Wanted {
  ipv4: boolean;
  ipv6: boolean;
  config: readonly NetworkConfig[];
}

/** The blocks of addresses of a new network: those that were asked for, else the first free ones. */
export function allocatePools(engine: Engine, { ipv4, ipv6, config }: Wanted): NetworkPool[] {
  const families = ([4, 6] as const).filter((family) => (family === 4 ? ipv4 : ipv6));
  const pools = families.flatMap((family) => {
    const asked = config.filter(({ subnet }) => parseSubnet(subnet)?.family === family);
    return asked.length === 0
      ? [automaticPool(engine, family)]
      : asked.map((one) => askedPool(engine, one));
  });
  if (pools.length > families.length)
    throw new DvmError("forbidden", "bridge driver doesn't support multiple subnets");
  return pools;
}

function askedPool(engine: Engine, config: NetworkConfig): NetworkPool {
  const subnet = required(config.subnet);
  if (takenSubnets(engine).some((one) => overlaps(one, subnet)))
    throw new DvmError(
      "forbidden",
      "invalid pool request: Pool overlaps with other one on this address space",
    );
  const range = config.range === "" ? subnet : required(config.range);
  const reserved = Object.values(config.auxiliary).map((one) => clean(one));
  const gateway = config.gateway === "" ? "" : clean(config.gateway);
  if (gateway !== "" && reserved.includes(gateway))
    throw new DvmError(
      "unavailable",
      `failed to allocate secondary ip address (${nameOf(config, gateway)}:${gateway}): Address already in use`,
    );
  const chosen = gateway === "" ? firstFree(subnet, range, reserved) : gateway;
  return {
    subnet: formatSubnet(subnet),
    range: formatSubnet(range),
    ...{ gateway: chosen, reserved, isAsked: true },
  };
}

function automaticPool(engine: Engine, family: 4 | 6): NetworkPool {
  const pools = addressPools(engine);
  const taken = [...takenSubnets(engine), ...(family === 4 ? hostSubnets() : [])];
  const subnet = freeSubnet(pools, family, taken);
  if (subnet === undefined)
    throw new DvmError("invalid", "all predefined address pools have been fully subnetted");
  const named = formatSubnet(subnet);
  const gateway = firstFree(subnet, subnet, []);
  return { subnet: named, range: named, gateway, reserved: [], isAsked: false };
}

/** Those of the settings; of IPv6, where they have none, a block that only this engine has. */
function addressPools(engine: Engine): readonly AddressPool[] {
  const { addressPools: given } = engine.parts.settings();
  const pools = given.length === 0 ? defaultPools : given;
  const hasIpv6 = pools.some(({ base }) => parseSubnet(base)?.family === 6);
  return hasIpv6 ? pools : [...pools, { base: ownBlock(engine), size: 64 }];
}

/** RFC 4193. */
function ownBlock({ identity }: Engine): string {
  const digits = createHash("sha256").update(identity.id).digest("hex");
  return `fd${digits.slice(0, 2)}:${digits.slice(2, 6)}:${digits.slice(6, 10)}::/48`;
}

function takenSubnets(engine: Engine): Subnet[] {
  return engine.networks.list().flatMap(({ pools }) => pools.map(({ subnet }) => required(subnet)));
}

/** What the host reaches by its own cards: a network of the same addresses would hide it. */
function hostSubnets(): Subnet[] {
  return Object.values(networkInterfaces())
    .flatMap((of) => of ?? [])
    .flatMap(({ cidr }) => (cidr === null ? [] : [parseSubnet(cidr)]))
    .flatMap((subnet) => (subnet?.family === 4 ? [subnet] : []));
}

function firstFree(subnet: Subnet, range: Subnet, taken: readonly string[]): string {
  const { family } = subnet;
  const isTaken = (value: bigint) => taken.includes(formatAddress({ family, value }));
  const found = freeAddress(subnet, range, isTaken);
  if (found === undefined)
    throw new DvmError(
      "unavailable",
      "failed to allocate gateway (): no available addresses on this pool",
    );
  return formatAddress(found);
}

function nameOf({ auxiliary }: NetworkConfig, address: string): string {
  return Object.entries(auxiliary).find(([, one]) => clean(one) === address)?.[0] ?? "";
}

function clean(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}

function required(text: string): Subnet {
  const subnet = parseSubnet(text);
  if (subnet === undefined) throw new DvmError("internal", `no block of addresses: ${text}`);
  return subnet;
}
