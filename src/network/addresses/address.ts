import { isIPv4, isIPv6, SocketAddress } from "node:net";

/** An address as a number, of 32 or 128 bits. */
export interface Address {
  family: 4 | 6;
  value: bigint;
}

/** Undefined where `text` is none; one of IPv4 in IPv6 is one of IPv4. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, value: fromBytes(text.split(".").map(Number)) };
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const value = fromGroups(text);
  return value >> 32n === 0xffffn
    ? { family: 4, value: value & 0xffff_ffffn }
    : { family: 6, value };
}

/** As Go writes it: the shortest. */
export function formatAddress({ family, value }: Address): string {
  if (family === 4)
    return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
  const digits = value.toString(16).padStart(32, "0");
  const address = (digits.match(/.{4}/g) ?? []).join(":");
  return new SocketAddress({ address, family: "ipv6" }).address;
}

export function addressBits({ family }: Pick<Address, "family">): number {
  return family === 4 ? 32 : 128;
}

function fromBytes(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}

function fromGroups(text: string): bigint {
  const [, front = text, dotted] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  const last = dotted === undefined ? undefined : fromBytes(dotted.split(".").map(Number));
  const whole =
    last === undefined
      ? text
      : `${front}${(last >> 16n).toString(16)}:${(last & 0xffffn).toString(16)}`;
  const [before = "", after] = whole.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const [head, tail] = [groups(before), groups(after ?? "")];
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array.from({ length: zeros }, () => "0"), ...tail].reduce(
    (value, group) => value * 65_536n + BigInt(`0x${group}`),
    0n,
  );
}
