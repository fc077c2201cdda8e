import type { Engine } from "../core.ts";
import type { NetworkRecord } from "../records.ts";

/** Says what happened to a network, with `more` that belongs to it. */
export function announceNetwork(
  engine: Engine,
  action: "create" | "destroy" | "connect" | "disconnect",
  { id, name, driver }: Pick<NetworkRecord, "id" | "name" | "driver">,
  more: Record<string, string> = {},
): void {
  engine.events.emit("network", action, id, { ...more, name, type: driver });
}
