import { DvmError } from "../../base/errors.ts";
import { type ContainerRecord, sharingContainer } from "../records.ts";

const networks = new Set(["default", "bridge", "none", ""]);

/** Fails with `not-found` for a network that isn't there. */
export function requireNetworks({ request }: ContainerRecord): void {
  const { hostConfig, endpoints } = request;
  const isShared = sharingContainer(hostConfig.NetworkMode) !== undefined;
  const named = [...(isShared ? [] : [hostConfig.NetworkMode]), ...Object.keys(endpoints)];
  const unknown = named.find((name) => !networks.has(name));
  if (unknown === undefined) return;
  throw new DvmError("not-found", `network ${unknown} not found`, {
    hint: "DVM knows the networks default, bridge and none",
  });
}
