import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { Hypervisor, MachineSpec } from "../../src/machine/machine.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Candidate {
  hypervisor: Hypervisor;
  /**
   * A spec that starts here; `runFolder` and `id` are filled in. Its guest answers each line that it
   * gets from its agent's socket with the line's number and the line.
   */
  spec: Omit<MachineSpec, "id" | "runFolder">;
}

type Started = Candidate & { full: MachineSpec };
type WithMachine = (action: (parts: Started) => Promise<void>) => Promise<void>;

/** What every driver must do; each driver's test file calls it with a driver of its own. */
export function hypervisorConformance(
  name: string,
  make: () => Promise<Candidate>,
  { templates }: { templates: boolean },
): void {
  const withMachine: WithMachine = async (action) => {
    const candidate = await make();
    const runFolder = await mkdtemp(join(tmpdir(), "dvm-conformance-"));
    const full = { ...candidate.spec, id: "conformance", runFolder };
    try {
      await action({ ...candidate, full });
    } finally {
      await rm(runFolder, { recursive: true });
    }
  };

  if (templates) templateConformance(name, withMachine);

  test(`${name}: a driver that says it can save machines is tested for it`, async () => {
    assert.equal((await make()).hypervisor.capabilities.templates, templates);
  });

  test(`${name}: a started machine has a handle and an agent socket that accepts`, async () => {
    await withMachine(async ({ hypervisor, full }) => {
      const machine = await hypervisor.start(full);
      try {
        assert.notEqual(machine.handle, "");
        if (machine.processId !== undefined) process.kill(machine.processId, 0);
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
      assert.equal(found?.handle, machine.handle);
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

/** For drivers whose machines can be saved. */
function templateConformance(name: string, withMachine: WithMachine): void {
  const startClone = async ({ hypervisor, full }: Started, folder: string, id: string) => {
    const runFolder = await mkdtemp(join(tmpdir(), "dvm-conformance-"));
    const template = { folder, use: "clone" as const };
    const machine = await hypervisor.start({ ...full, id, runFolder, template });
    return { machine, runFolder };
  };

  test(`${name}: clones go on where their template was saved, each with memory of its own`, async () => {
    await withMachine(async (parts) => {
      await using saved = await temporaryFolder();
      const template = { folder: saved.path, use: "make" as const };
      const machine = await parts.hypervisor.start({ ...parts.full, template });
      assert.deepEqual(await conversation(machine.agentSocket, ["a"]), ["1 a"]);
      await machine.save();
      await machine.exited;
      const clones = [
        await startClone(parts, saved.path, "one"),
        await startClone(parts, saved.path, "two"),
      ];
      try {
        const [one, two] = clones.map(({ machine }) => machine.agentSocket);
        assert.deepEqual(await conversation(one, ["b", "c"]), ["2 b", "3 c"]);
        assert.deepEqual(await conversation(two, ["d"]), ["2 d"]);
      } finally {
        for (const { machine, runFolder } of clones) {
          await machine.kill();
          await rm(runFolder, { recursive: true });
        }
      }
    });
  });

  test(`${name}: a template that is damaged gives an error and leaves no machine`, async () => {
    await withMachine(async (parts) => {
      await using saved = await temporaryFolder();
      await writeFile(join(saved.path, "ram"), Buffer.alloc(parts.full.memoryMiB * 2 ** 20));
      await writeFile(join(saved.path, "state"), "this is no state of a machine");
      const template = { folder: saved.path, use: "clone" as const };
      await assert.rejects(parts.hypervisor.start({ ...parts.full, template }), {
        code: "damaged",
      });
      assert.equal(await parts.hypervisor.find(parts.full.id, parts.full.runFolder), undefined);
    });
  });

  test(`${name}: a machine that moves is found by its new id and folder`, async () => {
    await withMachine(async ({ hypervisor, full }) => {
      const machine = await hypervisor.start(full);
      assert.deepEqual(await conversation(machine.agentSocket, ["a"]), ["1 a"]);
      const runFolder = `${full.runFolder}-moved`;
      const moved = await machine.moveTo("moved", runFolder);
      try {
        assert.deepEqual(await conversation(moved.agentSocket, ["b"]), ["2 b"]);
        assert.equal((await hypervisor.find("moved", runFolder))?.handle, machine.handle);
        assert.equal(await hypervisor.find(full.id, full.runFolder), undefined);
      } finally {
        await moved.kill();
        await rename(runFolder, full.runFolder);
      }
    });
  });
}

/** What the guest answers to `lines`, one after the other. */
async function conversation(path: string | undefined, lines: string[]): Promise<string[]> {
  assert(path !== undefined);
  await connects(path);
  const socket = createConnection(path);
  try {
    const answers: string[] = [];
    const received = createInterface({ input: socket })[Symbol.asyncIterator]();
    for (const line of lines) {
      socket.write(`${line}\n`);
      answers.push(String((await received.next()).value));
    }
    return answers;
  } finally {
    socket.destroy();
  }
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
