import { type Address, addressBits } from "./address.ts";
import { lastOf, type Subnet } from "./subnet.ts";

/** Of a subnet, what nobody may have: its own address, and of IPv4 that of all. */
export function isReserved(subnet: Subnet, { value }: Address): boolean {
  if (subnet.family === 6) return value === subnet.first;
  if (addressBits(subnet) - subnet.bits < 2) return false;
  return value === subnet.first || value === lastOf(subnet);
}

/** The first address of `range`, a part of `subnet`, that nobody has; undefined: all are taken. */
export function freeAddress(
  subnet: Subnet,
  range: Subnet,
  isTaken: (value: bigint) => boolean,
): Address | undefined {
  const { family } = subnet;
  const last = lastOf(range);
  for (let value = range.first; value <= last; value += 1n)
    if (!isReserved(subnet, { family, value }) && !isTaken(value)) return { family, value };
  return undefined;
}
