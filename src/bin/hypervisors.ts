import { join } from "node:path";
import { AgentClient } from "../agent/agent-client.ts";
import { DvmError } from "../base/errors.ts";
import { findQemu } from "../machine/drivers/qemu/find-qemu.ts";
import { privateRam } from "../machine/drivers/qemu/private-ram.ts";
import { qemuHypervisor } from "../machine/drivers/qemu/qemu-driver.ts";
import type { Hypervisor } from "../machine/machine.ts";

/** How a driver's hypervisor is made, and whether this host has what it drives. */
export interface DriverEntry {
  isHere(dataRoot: string): Promise<boolean>;
  make(dataRoot: string): Hypervisor;
}

/** The drivers by name, the one that is preferred first. */
export const drivers: ReadonlyMap<string, DriverEntry> = new Map([
  [
    "qemu",
    { isHere: async (dataRoot) => (await findQemu(dataRoot)) !== undefined, make: hostQemu },
  ],
]);

/** The hypervisor of this name, else the first that is here, else the first: it may come yet. */
export async function chooseHypervisor(
  dataRoot: string,
  want: string | undefined,
  table = drivers,
): Promise<Hypervisor> {
  if (want !== undefined) return named(want, table).make(dataRoot);
  const [first] = table.values();
  if (first === undefined) throw new DvmError("internal", "cannot start machines: no driver");
  for (const entry of table.values()) if (await entry.isHere(dataRoot)) return entry.make(dataRoot);
  return first.make(dataRoot);
}

function named(want: string, table: ReadonlyMap<string, DriverEntry>): DriverEntry {
  const entry = table.get(want);
  if (entry !== undefined) return entry;
  throw new DvmError(
    "invalid",
    `cannot use DVM_HYPERVISOR=${want}: it is none of ${[...table.keys()].join(", ")}`,
  );
}

/** QEMU as the daemon uses it. */
export function hostQemu(dataRoot: string): Hypervisor {
  return qemuHypervisor({
    program: () => findQemu(dataRoot),
    privateRam: () => privateRam(dataRoot),
    probe: {
      cacheFile: join(dataRoot, "accelerator.json"),
      greet: async (socket, options) => {
        const agent = await AgentClient.connect(socket, options);
        await agent[Symbol.asyncDispose]();
      },
    },
  });
}
