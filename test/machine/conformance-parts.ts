import assert from "node:assert/strict";
import type { Capabilities, Hypervisor, MachineSpec } from "../../src/machine/machine.ts";

export interface Candidate {
  hypervisor: Hypervisor;
  /**
   * A spec that starts here, without disks, cards and shares; `runFolder` and `id` are filled in. Its
   * guest speaks the language of line-commands.ts at its agent's socket.
   */
  spec: Omit<MachineSpec, "id" | "runFolder">;
}

export type Started = Candidate & { full: MachineSpec };
export type WithMachine = (action: (parts: Started) => Promise<void>) => Promise<void>;
/** What a driver can do, as its test knows it. */
export type Expected = Capabilities;

/** A driver that can't do a thing says so, by its code. */
export async function refuses(action: () => Promise<unknown>): Promise<void> {
  await assert.rejects(action, { name: "DvmError", code: "unsupported", message: /^cannot / });
}
