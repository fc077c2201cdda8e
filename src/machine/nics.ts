import type { NicSpec, PublishedPort } from "./machine.ts";

/** All ports that cards publish. */
export function publishedPorts(nics: readonly NicSpec[]): PublishedPort[] {
  return nics.flatMap((nic) => (nic.kind === "user" ? nic.publish : []));
}

/** The same cards for another machine, whose interfaces are its own. */
export function withInterfaces(
  nics: readonly NicSpec[],
  interfaceName: (index: number) => string,
): NicSpec[] {
  return nics.map((nic, index) =>
    nic.kind === "tap" ? { ...nic, interface: interfaceName(index) } : nic,
  );
}

/** The same cards with no port open, as of a machine that nobody shall reach yet. */
export function withoutPorts(nics: readonly NicSpec[]): NicSpec[] {
  return nics.map((nic) => (nic.kind === "user" ? { ...nic, publish: [] } : nic));
}
