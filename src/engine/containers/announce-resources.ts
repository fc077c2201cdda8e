import { type Engine, predefinedNetworks } from "../core.ts";
import type { ContainerRecord } from "../records.ts";

/** As Docker tells it before a start: the volumes that are mounted, then the network that is joined. */
export function announceTaken(engine: Engine, record: ContainerRecord): void {
  announceMounts(engine, record);
  announceNetwork(engine, record, "connect");
}

/** As Docker tells it before an end, and of a start that fails. */
export function announceReleased(engine: Engine, record: ContainerRecord): void {
  announceNetwork(engine, record, "disconnect");
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

/** One that has no network of its own is in Docker's network without any. */
function announceNetwork(
  engine: Engine,
  { id, run }: ContainerRecord,
  action: "connect" | "disconnect",
): void {
  if (run.machine.sharedWith !== undefined) return;
  const name = run.network === undefined ? "none" : "bridge";
  const network = predefinedNetworks(engine).find((one) => one.name === name);
  if (network !== undefined)
    engine.events.emit("network", action, network.id, {
      container: id,
      name,
      type: network.driver,
    });
}
