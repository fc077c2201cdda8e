import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { describeError, DvmError } from "../../src/base/errors.ts";
import { madeGuest } from "../support/made-guest.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { testQemu } from "../support/test-qemu.ts";
import { hypervisorConformance } from "./hypervisor-conformance.ts";

/** Answers each line with its number and itself. */
const countLines = `
exec 3<>$port
n=0
while :; do
  if read -r line <&3; then n=$((n + 1)); echo "$n $line" >&3; else busybox usleep 10000; fi
done
`;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "dvm-guest-"));
});
after(() => rm(folder, { recursive: true }));

hypervisorConformance(
  "qemu by emulation",
  async () => {
    const { id: _id, runFolder: _runFolder, ...spec } = await madeGuest(folder, countLines);
    return { hypervisor: testQemu(), spec };
  },
  { templates: true },
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

async function socketIn(folder: string, name: string): Promise<void> {
  while ((await stat(join(folder, name)).catch(() => undefined)) === undefined) await delay(10);
}
