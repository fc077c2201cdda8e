import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { processStartTime } from "../../src/host/processes.ts";
import { chooseKernel } from "../../src/kernel/kernel-catalogue.ts";
import { kvmObstacle } from "../../src/machine/drivers/qemu/accelerator.ts";
import { tryKvmGuest } from "../../src/machine/drivers/qemu/kvm-guest.ts";
import { DvmError } from "../../src/base/errors.ts";
import { testCache } from "../support/cache.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { testProbe, testQemu } from "../support/test-qemu.ts";

async function choose(cacheFile: string, want: string, kernel = "hyper") {
  const hypervisor = testQemu({ probe: testProbe(cacheFile) });
  return hypervisor.chooseAccelerator(want, await chooseKernel(join(testCache, "data"), kernel));
}

test(
  "KVM is chosen only where a real guest came up, and the verdict is kept",
  { timeout: 60_000 },
  async () => {
    await using folder = await temporaryFolder();
    const cacheFile = join(folder.path, "accelerator.json");
    const verdict = await choose(cacheFile, "auto");
    assert.notEqual(verdict.reason, "");
    assert.deepEqual(await choose(cacheFile, "auto"), verdict);
    if (verdict.accelerator === "kvm") {
      assert.equal((await choose(cacheFile, "kvm")).accelerator, "kvm");
    } else {
      await assert.rejects(choose(cacheFile, "kvm"), {
        code: "unavailable",
        message: `cannot use KVM: ${verdict.reason}`,
      });
    }
    if ((await kvmObstacle()) === undefined) {
      await choose(cacheFile, "auto", "stock");
      const kept = JSON.parse(await readFile(cacheFile, "utf8"));
      assert.equal(kept.length, 2, "one of each kernel");
      assert.equal(kept[0].accelerator, verdict.accelerator);
    }
  },
);

test("asking for emulation probes nothing", async () => {
  await using folder = await temporaryFolder();
  const verdict = await choose(join(folder.path, "none.json"), "tcg");
  assert.equal(verdict.accelerator, "tcg");
});

test("an accelerator that QEMU has not is an error that names those that it has", async () => {
  await using folder = await temporaryFolder();
  await assert.rejects(choose(join(folder.path, "none.json"), "warp"), {
    code: "invalid",
    message: "cannot use accelerator warp: it is none of kvm, tcg",
  });
});

test("a device that isn't there, or is no device of ours, is an obstacle with a reason", async () => {
  assert.match((await kvmObstacle("/no/such/device")) ?? "", /\S/);
});

const kernel = { path: "/no/such/kernel", initramfs: "/none", discovery: "cmdline" as const };
const program = (path: string) => ({ path, arguments: [], environment: {} });
const silent = (_: string, { signal }: { signal: AbortSignal }) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("given up")), { once: true });
  });

test("a probe whose QEMU ends tells QEMU's words", async () => {
  const said = await tryKvmGuest(program("/bin/false"), kernel, { greet: silent });
  assert.equal(said, "QEMU ended before its guest gave a sign of life");
  await using folder = await temporaryFolder();
  const talks = join(folder.path, "talks");
  await writeFile(talks, "#!/bin/sh\necho no KVM here >&2\n", {
    mode: 0o755,
  });
  assert.match((await tryKvmGuest(program(talks), kernel, { greet: silent })) ?? "", /\(no KVM/);
});

test("a probe whose guest says nothing in time ends, and so does its QEMU", async () => {
  await using folder = await temporaryFolder();
  const sleeps = join(folder.path, "sleeps");
  const pidFile = join(folder.path, "pid");
  await writeFile(sleeps, `#!/bin/sh\necho $$ > ${pidFile}\nexec sleep 1000\n`, { mode: 0o755 });
  const greet = async (_: string, { deadlineMs }: { deadlineMs: number }) => {
    await new Promise((resolve) => {
      setTimeout(resolve, deadlineMs);
    });
    throw new DvmError("deadline", "its agent said nothing");
  };
  const said = await tryKvmGuest(program(sleeps), kernel, { greet, limitMs: 500 });
  assert.equal(said, "a guest gave no sign of life within 0.5 s");
  const pid = Number(await readFile(pidFile, "utf8"));
  assert.equal(await processStartTime(pid), undefined);
});
