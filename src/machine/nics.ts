import type { NicSpec, PublishedPort } from "./machine.ts";

/** All ports that cards publish. */
export function publishedPorts(nics: readonly NicSpec[]): PublishedPort[] {
  return nics.flatMap((nic) => (nic.kind === "user" ? nic.publish : []));
}

/** The same cards with no port open, as of a machine that nobody shall reach yet. */
export function withoutPorts(nics: readonly NicSpec[]): NicSpec[] {
  return nics.map((nic) => (nic.kind === "user" ? { ...nic, publish: [] } : nic));
}
