import { type Address, addressBits, formatAddress, parseAddress } from "./address.ts";

/** A block of addresses: those that share the first `bits` with `first`. */
export interface Subnet {
  family: 4 | 6;
  first: bigint;
  bits: number;
}

/** `10.0.0.0/8`; undefined where `text` is none. What is behind its bits may be set: see {@link maskOf}. */
export function parsePrefix(text: string): { address: Address; bits: number } | undefined {
  const [, front = "", length = ""] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const address = parseAddress(front);
  if (address === undefined || Number(length) > addressBits(address)) return undefined;
  return { address, bits: Number(length) };
}

export function parseSubnet(text: string): Subnet | undefined {
  const prefix = parsePrefix(text);
  return prefix && maskOf(prefix.address, prefix.bits);
}

/** The block that an address is in. */
export function maskOf({ family, value }: Address, bits: number): Subnet {
  const rest = BigInt(addressBits({ family }) - bits);
  return { family, first: (value >> rest) << rest, bits };
}

export function formatSubnet({ family, first, bits }: Subnet): string {
  return `${formatAddress({ family, value: first })}/${bits}`;
}

export function lastOf({ family, first, bits }: Subnet): bigint {
  return first + (1n << BigInt(addressBits({ family }) - bits)) - 1n;
}

export function contains(subnet: Subnet, { family, value }: Address): boolean {
  return subnet.family === family && subnet.first <= value && value <= lastOf(subnet);
}

export function overlaps(one: Subnet, other: Subnet): boolean {
  if (one.family !== other.family) return false;
  return one.first <= lastOf(other) && other.first <= lastOf(one);
}
