import type { Engine } from "../core.ts";
import { announceNetwork } from "../networks.ts";
import type { ContainerRecord } from "../records.ts";

/** As Docker tells it before a start: the volumes that are mounted, then the networks that are joined. */
export function announceTaken(engine: Engine, record: ContainerRecord): void {
  announceMounts(engine, record);
  announceNetworks(engine, record, "connect");
}

/** As Docker tells it before an end, and of a start that fails. */
export function announceReleased(engine: Engine, record: ContainerRecord): void {
  announceNetworks(engine, record, "disconnect");
  announceUnmounts(engine, record);
}

export function announceMounts(engine: Engine, { id, run }: ContainerRecord): void {
  for (const { volume, target, readOnly } of run.mounts)
    if (volume !== undefined)
      engine.events.emit("volume", "mount", volume, {
        container: id,
        destination: target,
        driver: "local",
        propagation: "",
        "read/write": String(!readOnly),
      });
}

export function announceUnmounts(engine: Engine, { id, run }: ContainerRecord): void {
  for (const { volume } of run.mounts)
    if (volume !== undefined)
      engine.events.emit("volume", "unmount", volume, { container: id, driver: "local" });
}

function announceNetworks(
  engine: Engine,
  { id, run }: ContainerRecord,
  action: "connect" | "disconnect",
): void {
  for (const { network, networkId } of run.networks) {
    const found = engine.networks.get(networkId) ?? engine.networks.named(network);
    if (found !== undefined) announceNetwork(engine, action, found, { container: id });
  }
}
