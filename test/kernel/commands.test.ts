import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { chooseKernel, findStoredKernel } from "../../src/kernel/kernel-catalogue.ts";
import { testCache } from "../support/cache.ts";
import { TestDaemon } from "../support/test-daemon.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const data = join(testCache, "data");

/** Copies of the tests' kernels, which may be changed. */
async function copyKernels(root: string, names: string[]): Promise<void> {
  for (const name of names) {
    const { id, folder } = await findStoredKernel(data, name);
    await cp(folder, join(root, "kernels", id), { recursive: true });
  }
}

/** `./dvm kernel …` with kernels of its own. */
async function kernelStore() {
  const folder = await temporaryFolder();
  await copyKernels(folder.path, ["hyper", "stock"]);
  await symlink(join(data, "agent"), join(folder.path, "agent"));
  const environment = { ...process.env, DVM_DATA_ROOT: folder.path };
  const kernel = async (...words: string[]) => {
    const program = join(import.meta.dirname, "../../dvm");
    const running = promisify(execFile)(program, ["kernel", ...words], { env: environment });
    const { stdout, stderr } = await running.catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    return `${stdout}${stderr}`;
  };
  return { ...folder, kernel };
}

/** A daemon with kernel hyper, and all that follows from it, of its own. */
async function daemonWithOwnKernel(): Promise<TestDaemon> {
  const daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  const root = join(daemon.root, "data");
  for (const name of ["kernels", "initramfs"]) {
    await rm(join(root, name));
    await mkdir(join(root, name));
  }
  await copyKernels(root, ["hyper"]);
  return daemon;
}

async function runsTrue(daemon: TestDaemon) {
  const images = await daemon.succeeds(["images", "--format", "{{.Repository}}:{{.Tag}}"]);
  return daemon.dvm(["run", "--rm", images.split("\n")[0] ?? "", "true"]);
}

test("kernels are listed, inspected by name, id or its start, and verified", async () => {
  await using store = await kernelStore();
  const { id, digest } = await findStoredKernel(data, "hyper");
  assert.match(await store.kernel("ls"), /^hyper +6\.\d+\.\d+ +sha256:.*\*$/m);
  for (const name of ["hyper", id, id.slice(0, -3)])
    assert.equal(await store.kernel("inspect", "--format", "{{.digest}}", name), `${digest}\n`);
  const listed = (await store.kernel("verify")).trim().split("\n");
  assert.equal(listed.length, 2);
  await writeFile(join(store.path, "kernels", id, "config"), "");
  assert.match(
    await store.kernel("verify", "hyper"),
    /cannot trust kernel hyper-.*:\nconfig: it was/,
  );
});

test("the kernel in use is marked, a damaged one is not taken into use, and one in use is kept", async () => {
  await using store = await kernelStore();
  const { id } = await findStoredKernel(data, "hyper");
  assert.equal(await store.kernel("use", "stock"), "stock\n");
  assert.match(await store.kernel("ls"), /^stock .*\*$/m);
  assert.match(await store.kernel("rm", "stock"), /it is the default/);
  await writeFile(join(store.path, "kernels", id, "vmlinux"), "");
  assert.match(await store.kernel("use", "hyper"), /cannot use kernel hyper-.*:\nvmlinux: it was/);
  assert.equal(await store.kernel("use", "--clear"), "");
  assert.match(await store.kernel("rm", "stock"), /^stock/);
  assert.deepEqual(await readdir(join(store.path, "kernels")), [id]);
});

test("a kernel that was cut short is refused by start, before a machine is made", async () => {
  await using daemon = await daemonWithOwnKernel();
  const { folder } = await findStoredKernel(join(daemon.root, "data"), "hyper");
  await truncate(join(folder, "vmlinux"), 5_000_000);
  const result = await runsTrue(daemon);
  assert.equal(result.code, 125);
  assert.match(
    result.stderr,
    /cannot use kernel hyper: .*\/vmlinux is not what was stored\nrun: dvm kernel rm --force hyper-.*, then dvm kernel build hyper/,
  );
  assert.deepEqual(await daemon.machines(), []);
});

test("a kernel that panics at boot ends the start, and what it said on its console is in the error", async () => {
  await using daemon = await daemonWithOwnKernel();
  const { initramfs } = await chooseKernel(join(daemon.root, "data"), "hyper");
  await writeFile(initramfs, "no archive");
  const result = await runsTrue(daemon);
  assert.equal(result.code, 125);
  assert.match(
    result.stderr,
    /its console ends:[^]*Kernel panic - not syncing: VFS: Unable to mount root fs/,
  );
  assert.deepEqual(await daemon.machines(), []);
});

test("bench boots real machines, and gives figures of each kernel as JSON", async () => {
  await using daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  const images = (await daemon.succeeds(["images", "--format", "{{.Repository}}:{{.Tag}}"])).split(
    "\n",
  );
  const words = ["kernel", "bench", "--boots", "1", "--no-smallest", "--json"];
  const figures: unknown = JSON.parse(
    await daemon.succeeds([...words, "--image", images[0] ?? "", "hyper"]),
  );
  assert(Array.isArray(figures));
  const names = figures.map(({ kernel }) => kernel);
  assert.deepEqual([...new Set(names)], ["hyper", "stock"]);
  for (const { helloMs, initMs, usedMiB, imageBytes } of figures) {
    assert(helloMs > initMs && initMs > 0);
    assert(usedMiB > 1 && usedMiB < 200);
    assert(imageBytes > 1_000_000);
  }
});
