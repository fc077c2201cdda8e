import { setTimeout as delay } from "node:timers/promises";
import type { BootedMachine } from "./boot-machine.ts";

const shutDownDeadlineMs = 10_000;

/**
 * Has a machine end in order, with all disks synced; one that doesn't in time is to be killed. One
 * that waits for room to write has all the time that takes.
 */
export async function leaveMachine({ machine, agent }: BootedMachine): Promise<void> {
  const orderly = agent.shutDown().then(
    () => machine.exited,
    () => undefined,
  );
  const ended = Promise.race([orderly, machine.exited]).then(() => true);
  while (!(await Promise.race([ended, delay(shutDownDeadlineMs, false, { ref: false })])))
    if (!agent.isHeld) return;
}
