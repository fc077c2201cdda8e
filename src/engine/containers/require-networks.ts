import { DvmError } from "../../base/errors.ts";
import { attachedNetworks, type ContainerRecord } from "../records.ts";

const networks = new Set(["bridge", "none"]);

/** Fails with `not-found` for a network that isn't there. */
export function requireNetworks({ request }: ContainerRecord): void {
  const unknown = attachedNetworks(request).find((name) => !networks.has(name));
  if (unknown === undefined) return;
  throw new DvmError("not-found", `network ${unknown} not found`);
}
