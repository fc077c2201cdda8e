import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Hypervisor, MachineSpec } from "../../src/machine/machine.ts";

interface Candidate {
  hypervisor: Hypervisor;
  /** A spec that starts here; `runFolder` and `id` are filled in. */
  spec: Omit<MachineSpec, "id" | "runFolder">;
}

/** What every driver must do; each driver's test file calls it with a driver of its own. */
export function hypervisorConformance(name: string, make: () => Promise<Candidate>): void {
  const withMachine = async (
    action: (parts: Candidate & { full: MachineSpec }) => Promise<void>,
  ): Promise<void> => {
    const candidate = await make();
    const runFolder = await mkdtemp(join(tmpdir(), "dvm-conformance-"));
    const full = { ...candidate.spec, id: "conformance", runFolder };
    try {
      await action({ ...candidate, full });
    } finally {
      await rm(runFolder, { recursive: true });
    }
  };

  test(`${name}: a started machine has a pid that lives and an agent socket that accepts`, async () => {
    await withMachine(async ({ hypervisor, full }) => {
      const machine = await hypervisor.start(full);
      try {
        process.kill(machine.pid, 0);
        await connects(machine.agentSocket);
      } finally {
        await machine.kill();
      }
    });
  });

  test(`${name}: kill ends a machine, settles exited, and may be called again`, async () => {
    await withMachine(async ({ hypervisor, full }) => {
      const machine = await hypervisor.start(full);
      await machine.kill();
      await machine.exited;
      await machine.kill();
      await assert.rejects(connects(machine.agentSocket, 0));
    });
  });

  test(`${name}: a machine is found by its run folder until it has gone`, async () => {
    await withMachine(async ({ hypervisor, full }) => {
      const machine = await hypervisor.start(full);
      const found = await hypervisor.find(full.id, full.runFolder);
      assert.equal(found?.pid, machine.pid);
      await machine.kill();
      assert.equal(await hypervisor.find(full.id, full.runFolder), undefined);
    });
  });

  test(`${name}: pause and resume return`, async () => {
    await withMachine(async ({ hypervisor, full }) => {
      const machine = await hypervisor.start(full);
      try {
        await connects(machine.agentSocket);
        await machine.pause();
        await machine.resume();
      } finally {
        await machine.kill();
      }
    });
  });

  test(`${name}: a start that was given up before starts nothing`, async () => {
    await withMachine(async ({ hypervisor, full }) => {
      await assert.rejects(hypervisor.start(full, { signal: AbortSignal.abort() }));
      assert.equal(await hypervisor.find(full.id, full.runFolder), undefined);
    });
  });
}

/** Connects within a second or two: a VMM may take a moment to make its socket. */
async function connects(path: string, withinMs = 5_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      await new Promise<void>((resolve, reject) => {
        const socket = createConnection(path, () => {
          socket.destroy();
          resolve();
        });
        socket.once("error", reject);
      });
      return;
    } catch (error) {
      const gone = !(error instanceof Error) || !("code" in error) || error.code !== "ENOENT";
      if (gone || Date.now() >= deadline) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  }
}
