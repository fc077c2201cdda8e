import { addressBits } from "./address.ts";
import { lastOf, overlaps, parseSubnet, type Subnet } from "./subnet.ts";

/** Addresses to be split into subnets of `size` bits. */
export interface AddressPool {
  base: string;
  size: number;
}

/** As dockerd has them, where nobody says anything else. */
export const defaultPools: readonly AddressPool[] = [
  { base: "172.17.0.0/16", size: 16 },
  { base: "172.18.0.0/16", size: 16 },
  { base: "172.19.0.0/16", size: 16 },
  { base: "172.20.0.0/14", size: 16 },
  { base: "172.24.0.0/14", size: 16 },
  { base: "172.28.0.0/14", size: 16 },
  { base: "192.168.0.0/16", size: 20 },
];

/** The first subnet of the pools that overlaps with none of `taken`; undefined: there is none. */
export function freeSubnet(
  pools: readonly AddressPool[],
  family: 4 | 6,
  taken: readonly Subnet[],
): Subnet | undefined {
  for (const { base, size } of pools) {
    const pool = parseSubnet(base);
    if (pool?.family !== family) continue;
    const found = freeIn(pool, size, taken);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Steps over what is taken, however many subnets that is. */
function freeIn(pool: Subnet, size: number, taken: readonly Subnet[]): Subnet | undefined {
  const step = 1n << BigInt(addressBits(pool) - size);
  const last = lastOf(pool);
  for (let first = pool.first; first + step - 1n <= last;) {
    const subnet = { family: pool.family, first, bits: size };
    const other = taken.find((one) => overlaps(one, subnet));
    if (other === undefined) return subnet;
    const behind = lastOf(other) + 1n;
    first = behind > first + step ? ((behind + step - 1n) / step) * step : first + step;
  }
  return undefined;
}
