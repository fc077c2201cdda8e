import { isIPv6 } from "node:net";

/** A port at one of the host's addresses, or at all of a family. */
export interface PortAtAddress {
  protocol: string;
  hostAddress: string;
  hostPort: number;
}

/** The first of `others` that a port can't be beside. */
export function overlapping<T extends PortAtAddress>(
  port: PortAtAddress,
  others: readonly T[],
): T | undefined {
  return others.find(
    (one) =>
      one.protocol === port.protocol &&
      one.hostPort === port.hostPort &&
      isBoth(one.hostAddress, port.hostAddress),
  );
}

function isBoth(one: string, other: string): boolean {
  if (isIPv6(one) !== isIPv6(other)) return false;
  const every = isIPv6(one) ? "::" : "0.0.0.0";
  return one === other || one === every || other === every;
}
