import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { describeError, DvmError } from "../../src/base/errors.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { userNetwork } from "../../src/network/user-network.ts";
import { answeringLines } from "../support/answering-lines.ts";
import { madeGuest } from "../support/made-guest.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { testQemu } from "../support/test-qemu.ts";
import { hypervisorConformance } from "./hypervisor-conformance.ts";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "dvm-guest-"));
});
after(() => rm(folder, { recursive: true }));

hypervisorConformance(
  "qemu by emulation",
  async () => {
    const { id: _id, runFolder: _runFolder, ...spec } = await madeGuest(folder, answeringLines);
    return { hypervisor: testQemu(), spec };
  },
  {
    ...{ fileSharing: true, pause: true, templates: true, devices: 6 },
    ...{ diskFormats: ["raw", "vmdk", "device", "empty"], diskExchange: true },
    ...{ cards: ["user", "tap"], publishing: true, connections: true },
  },
);

test("without QEMU a start says what is missing and what to do", async () => {
  await using run = await temporaryFolder();
  const spec = await madeGuest(run.path, "");
  const absent = { path: "/no/such/qemu", arguments: [], environment: {} };
  const missing = { code: "unavailable", hint: /dvm setup/ };
  await assert.rejects(testQemu({ program: async () => absent }).start(spec), missing);
  await assert.rejects(testQemu({ program: async () => undefined }).start(spec), {
    ...missing,
    message: "cannot start a machine: QEMU is not installed",
  });
});

test("what QEMU refuses is in the exit, with its own words", async () => {
  await using run = await temporaryFolder();
  const spec = await madeGuest(run.path, "");
  const disks = [{ name: "image0", path: "/no/such/disk", format: "raw" as const, readOnly: true }];
  const machine = await testQemu().start({ ...spec, disks });
  const exit = await machine.exited;
  assert.equal(exit.code, 1);
  assert.match(exit.errors, /\/no\/such\/disk/);
});

test("files of a machine are for its owner only", async () => {
  await using run = await temporaryFolder();
  const machine = await testQemu().start(await madeGuest(run.path, "busybox sleep 9\n"));
  try {
    for (const name of ["qemu.log", "qemu.pid"])
      assert.equal((await stat(join(run.path, name))).mode & 0o077, 0, name);
  } finally {
    await machine.kill();
  }
});

test("a clone doesn't run when QEMU has not loaded what keeps its memory apart from its template's", async () => {
  await using run = await temporaryFolder();
  await using saved = await temporaryFolder();
  const absent = testQemu({ privateRam: async () => "/no/such/private_ram.so" });
  const spec = await madeGuest(run.path, "busybox sleep 1000\n");
  const template = (use: "make" | "clone") => ({ template: { folder: saved.path, use } });
  const machine = await absent.start({ ...spec, ...template("make") });
  await socketIn(run.path, "qmp.sock");
  await machine.save();
  await assert.rejects(absent.start({ ...spec, ...template("clone") }), (error) => {
    assert(error instanceof DvmError && error.code === "damaged");
    return /it did not load \/no\/such\/private_ram\.so/.test(describeError(error));
  });
});

test("the end of a machine that was found again is known at once, and costs nobody a look", async () => {
  await using run = await temporaryFolder();
  const spec = await madeGuest(run.path, "busybox sleep 1000\n");
  const machine = await testQemu().start(spec);
  try {
    await socketIn(run.path, "life.sock");
    const found = [
      await testQemu().find(spec.id, run.path),
      await testQemu().find(spec.id, run.path),
    ].filter((one) => one !== undefined);
    assert.equal(found.length, 2);
    const before = performance.now();
    process.kill(machine.processId ?? 0, "SIGKILL");
    for (const { exited } of found) assert.equal((await exited).failure, undefined);
    assert.ok(performance.now() - before < 3_000); // without the lifeline up to ten seconds
  } finally {
    await machine.kill();
  }
});

test("a port that somebody has is docker's error, also when it is opened later", async () => {
  await using run = await temporaryFolder();
  const taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen(0, "127.0.0.1", resolve);
  });
  const address = taken.address();
  assert(typeof address === "object" && address !== null);
  const port = { protocol: "tcp" as const, hostAddress: "127.0.0.1", guestPort: 80 };
  const ports = [{ ...port, hostPort: address.port }];
  const nic = { kind: "user" as const, mac: "02:00:00:00:00:01", network: userNetwork };
  const spec = await madeGuest(run.path, "busybox sleep 1000\n");
  try {
    const { exited } = await testQemu().start({ ...spec, nics: [{ ...nic, publish: ports }] });
    assert.match(
      (await exited).failure?.message ?? "",
      /^driver failed programming external connectivity: /,
    );
    await using other = await temporaryFolder();
    const machine = await testQemu().start({
      ...spec,
      ...{ runFolder: other.path, nics: [{ ...nic, publish: [] }] },
    });
    try {
      await socketIn(other.path, "qmp.sock");
      await assert.rejects(machine.publish(ports), {
        code: "unavailable",
        message: /^cannot publish a port: /,
      });
    } finally {
      await machine.kill();
    }
  } finally {
    taken.close();
  }
});

test("a machine tells what it costs, most of it the guest's, until it has gone", async () => {
  await using run = await temporaryFolder();
  const spec = await madeGuest(run.path, "echo up >$port; busybox sleep 1000\n");
  const machine = await testQemu().start(spec);
  try {
    await delay(1_000);
    const memory = await machine.memory();
    assert(memory !== undefined);
    const { totalBytes, guest } = memory;
    assert.ok(guest.totalBytes > 2 ** 20 && guest.totalBytes < totalBytes);
    assert.ok(guest.privateBytes <= guest.totalBytes);
    assert.ok(totalBytes < (spec.memoryMiB + 256) * 2 ** 20);
  } finally {
    await machine.kill();
  }
  assert.equal(await machine.memory(), undefined);
});

test("strays are machines with run folders below a root, but not those that somebody keeps", async () => {
  await using root = await temporaryFolder();
  await using elsewhere = await temporaryFolder();
  const folders = [join(root.path, "one"), join(root.path, "two"), elsewhere.path];
  const hypervisor = testQemu();
  const machines: Machine[] = [];
  try {
    for (const folder of folders) {
      await mkdir(folder, { recursive: true });
      const spec = await madeGuest(folder, "busybox sleep 1000\n");
      machines.push(await hypervisor.start(spec));
    }
    const [kept, stray, other] = machines;
    assert(kept !== undefined && stray !== undefined && other !== undefined);
    const found = await hypervisor.find("found", folders[0] ?? "");
    assert(found !== undefined);
    assert.deepEqual(await hypervisor.endStrays(root.path, [found]), [
      `process ${stray.processId}`,
    ]);
    assert.equal((await stray.exited).signal, "SIGKILL");
    assert.deepEqual(await hypervisor.endStrays(root.path, [kept]), []);
    for (const { processId } of [kept, other]) process.kill(processId ?? 0, 0);
  } finally {
    for (const machine of machines) await machine.kill();
  }
});

async function socketIn(folder: string, name: string): Promise<void> {
  while ((await stat(join(folder, name)).catch(() => undefined)) === undefined) await delay(10);
}
