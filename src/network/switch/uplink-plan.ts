import { createHash } from "node:crypto";

/** The two ends of the way outside, and what stands for it in the host's own network. */
export interface UplinkPlan {
  /** The host's end, where it has one. */
  interface: string;
  /** Its table of nftables, where it has one. */
  table: string;
  four: UplinkEnds;
  six: UplinkEnds;
}

export interface UplinkEnds {
  subnet: string;
  prefix: number;
  /** The host's, by which machines that may reach it. */
  outside: string;
  /** The switch's. */
  inside: string;
}

const attempts = 32;

/** Of the switch in a folder: the same each time, but for subnets that are `taken`. */
export function uplinkPlan(folder: string, taken: (subnet: string) => boolean): UplinkPlan {
  const name = digest(folder).toString("hex", 0, 4);
  let four = fourOf(folder, 0);
  for (let attempt = 1; attempt < attempts && taken(four.subnet); attempt += 1)
    four = fourOf(folder, attempt);
  return { interface: `dvm-${name}`, table: `dvm_${name}`, four, six: sixOf(folder) };
}

/** Of what is for carriers' own networks (RFC 6598), then of what is for measurements (RFC 2544). */
function fourOf(folder: string, attempt: number): UplinkEnds {
  const [first = 0, second = 0, third = 0] = digest(`${folder} ${attempt}`);
  const last = third & 0xf0;
  const start =
    attempt < attempts / 2
      ? `100.${64 + (first % 64)}.${second}`
      : `198.${18 + (first % 2)}.${second}`;
  const [subnet, prefix] = [`${start}.${last}/28`, 28];
  return { subnet, prefix, outside: `${start}.${last + 1}`, inside: `${start}.${last + 2}` };
}

/** A local one (RFC 4193). */
function sixOf(folder: string): UplinkEnds {
  const hex = digest(`${folder} six`).toString("hex");
  const start = `fd${hex.slice(0, 2)}:${hex.slice(2, 6)}:${hex.slice(6, 10)}:`;
  return { subnet: `${start}:/64`, prefix: 64, outside: `${start}:1`, inside: `${start}:2` };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
