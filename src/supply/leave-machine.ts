import { setTimeout as delay } from "node:timers/promises";
import type { BootedMachine } from "./boot-machine.ts";

const shutDownDeadlineMs = 10_000;

/** Has a machine end in order, with all disks synced; one that doesn't in time is to be killed. */
export async function leaveMachine({ machine, agent }: BootedMachine): Promise<void> {
  const orderly = agent.shutDown().then(
    () => machine.exited,
    () => undefined,
  );
  await Promise.race([
    orderly,
    machine.exited,
    delay(shutDownDeadlineMs, undefined, { ref: false }),
  ]);
}
