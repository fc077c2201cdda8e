import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connects, conversation } from "../support/guest-conversation.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  refuses,
  type Candidate,
  type Expected,
  type Started,
  type WithMachine,
} from "./conformance-parts.ts";
import { deviceConformance } from "./device-conformance.ts";

/** Within this a machine that runs would have answered. */
const stillMs = 300;

/** What every driver must do; each driver's test file calls it with a driver of its own. */
export function hypervisorConformance(
  name: string,
  make: () => Promise<Candidate>,
  expected: Expected,
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

  test(`${name}: a driver says what it can do as it is tested for`, async () => {
    assert.deepEqual((await make()).hypervisor.capabilities, expected);
  });

  if (expected.templates) templateConformance(name, withMachine);
  else withoutTemplates(name, withMachine);
  deviceConformance(name, withMachine, expected);

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

  test(`${name}: a machine that is paused answers when it is resumed`, async () => {
    await withMachine(async ({ hypervisor, full }) => {
      const machine = await hypervisor.start(full);
      try {
        assert.deepEqual(await conversation(machine.agentSocket, ["a"]), ["1 a"]);
        if (!expected.pause) return await refuses(() => machine.pause());
        await machine.pause();
        assert.equal(await machine.isOutOfSpace(), false);
        let answered = false;
        const answer = conversation(machine.agentSocket, ["b"]);
        void answer.then(() => (answered = true));
        await delay(stillMs);
        assert.equal(answered, false);
        await machine.resume();
        assert.deepEqual(await answer, ["2 b"]);
      } finally {
        await machine.kill();
      }
    });
  });

  test(`${name}: strays are machines below a folder, but not those that somebody keeps`, async () => {
    await withMachine(async ({ hypervisor, full }) => {
      const folders = ["kept", "stray"].map((name) => join(full.runFolder, "below", name));
      for (const folder of folders) await mkdir(folder, { recursive: true });
      const [kept, stray, other] = [
        await hypervisor.start({ ...full, id: "kept", runFolder: folders[0] ?? "" }),
        await hypervisor.start({ ...full, id: "stray", runFolder: folders[1] ?? "" }),
        await hypervisor.start(full),
      ];
      try {
        const root = join(full.runFolder, "below");
        assert.equal((await hypervisor.endStrays(root, [kept])).length, 1);
        await stray.exited;
        assert.deepEqual(await hypervisor.endStrays(root, [kept]), []);
        for (const { agentSocket } of [kept, other]) await connects(agentSocket);
      } finally {
        for (const machine of [kept, stray, other]) await machine.kill();
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

/** For drivers whose machines can't be saved. */
function withoutTemplates(name: string, withMachine: WithMachine): void {
  test(`${name}: what needs templates is refused, and starts nothing`, async () => {
    await withMachine(async ({ hypervisor, full }) => {
      await using saved = await temporaryFolder();
      for (const use of ["make", "clone"] as const)
        await refuses(() => hypervisor.start({ ...full, template: { folder: saved.path, use } }));
      assert.equal(await hypervisor.find(full.id, full.runFolder), undefined);
      const machine = await hypervisor.start(full);
      try {
        await refuses(() => machine.save());
      } finally {
        await machine.kill();
      }
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
}
