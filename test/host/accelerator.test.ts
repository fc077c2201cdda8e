import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { kvmObstacle, probeAccelerator } from "../../src/host/accelerator.ts";
import { chooseKernel } from "../../src/kernel/kernel-catalogue.ts";
import { testCache } from "../support/cache.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function probe(cacheFile: string, want: "auto" | "kvm" | "tcg", kernel = "hyper") {
  const { path, initramfs, discovery } = await chooseKernel(join(testCache, "data"), kernel);
  return probeAccelerator({
    qemu: "qemu-system-x86_64",
    kernel: path,
    initramfs,
    discovery,
    cacheFile,
    want,
  });
}

test(
  "KVM is chosen only where a real guest came up, and the verdict is kept",
  { timeout: 60_000 },
  async () => {
    await using folder = await temporaryFolder();
    const cacheFile = join(folder.path, "accelerator.json");
    const verdict = await probe(cacheFile, "auto");
    assert.notEqual(verdict.reason, "");
    assert.deepEqual(await probe(cacheFile, "auto"), verdict);
    if (verdict.accelerator === "kvm") {
      assert.equal((await probe(cacheFile, "kvm")).accelerator, "kvm");
    } else {
      await assert.rejects(probe(cacheFile, "kvm"), {
        code: "unavailable",
        message: `cannot use KVM: ${verdict.reason}`,
      });
    }
    if ((await kvmObstacle()) === undefined) {
      await probe(cacheFile, "auto", "stock");
      const kept = JSON.parse(await readFile(cacheFile, "utf8"));
      assert.equal(kept.length, 2, "one of each kernel");
      assert.equal(kept[0].accelerator, verdict.accelerator);
    }
  },
);

test("asking for emulation probes nothing", async () => {
  await using folder = await temporaryFolder();
  const verdict = await probe(join(folder.path, "none.json"), "tcg");
  assert.equal(verdict.accelerator, "tcg");
});

test("a device that isn't there, or is no device of ours, is an obstacle with a reason", async () => {
  assert.match((await kvmObstacle("/no/such/device")) ?? "", /\S/);
});
