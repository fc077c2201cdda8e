import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { findStoredKernel } from "../../src/kernel/kernel-catalogue.ts";
import { testCache } from "../support/cache.ts";
import { TestDaemon } from "../support/test-daemon.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const data = join(testCache, "data");

/** `./dvm kernel …` with copies of the tests' kernels, which may be changed. */
async function kernelStore() {
  const folder = await temporaryFolder();
  await mkdir(join(folder.path, "kernels"));
  for (const name of ["hyper", "stock"]) {
    const { id, folder: stored } = await findStoredKernel(data, name);
    await cp(stored, join(folder.path, "kernels", id), { recursive: true });
  }
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
