import type { Engine } from "../core.ts";
import type { ContainerRecord } from "../records.ts";

/** As Docker does: tells of each signal that is sent to a container, whatever it is sent for. */
export function announceKill(engine: Engine, record: ContainerRecord, signal: number): void {
  engine.announce("kill", record, { signal: String(signal) });
}
