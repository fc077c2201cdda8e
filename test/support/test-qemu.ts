import { AgentClient } from "../../src/agent/agent-client.ts";
import { findQemu } from "../../src/machine/drivers/qemu/find-qemu.ts";
import { qemuHypervisor, type QemuParts } from "../../src/machine/drivers/qemu/qemu-driver.ts";
import type { Hypervisor } from "../../src/machine/machine.ts";

/** The QEMU driver with the host's QEMU, as the daemon makes it, but for `other`. */
export function testQemu(other: Partial<QemuParts> = {}): Hypervisor {
  return qemuHypervisor({
    program: () => findQemu("/nonexistent"),
    privateRam: async () => undefined,
    probe: testProbe("/nonexistent/accelerator.json"),
    ...other,
  });
}

/** Asks the real agent, and remembers verdicts in `cacheFile`. */
export function testProbe(cacheFile: string): QemuParts["probe"] {
  return {
    cacheFile,
    greet: async (socket, options) => {
      const agent = await AgentClient.connect(socket, options);
      await agent[Symbol.asyncDispose]();
    },
  };
}
