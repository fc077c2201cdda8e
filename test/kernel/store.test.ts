import assert from "node:assert/strict";
import { cp, mkdir, open, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  buildKernel,
  chooseKernel,
  findStoredKernel,
  listKernels,
  removeKernel,
  verifyKernel,
  writeDefaultKernel,
} from "../../src/kernel/kernel-catalogue.ts";
import { testCache } from "../support/cache.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const data = join(testCache, "data");

/** A store with hyper and stock of its own. */
async function storeIn(root: string): Promise<void> {
  await mkdir(join(root, "kernels"));
  for (const name of ["hyper", "stock"]) {
    const { id, folder } = await findStoredKernel(data, name);
    await cp(folder, join(root, "kernels", id), { recursive: true });
  }
}

test("a kernel of the store passes verify, and one changed byte of any file is told", async () => {
  await using root = await temporaryFolder();
  await storeIn(root.path);
  const hyper = await findStoredKernel(root.path, "hyper");
  assert.deepEqual(await verifyKernel(hyper), []);
  assert.deepEqual(await verifyKernel(await findStoredKernel(root.path, "stock")), []);
  for (const name of ["bzImage", "vmlinux", "config"]) {
    await using file = await open(join(hyper.folder, name), "r+");
    const { buffer: old } = await file.read(Buffer.alloc(1), 0, 1, 700);
    await file.write(Buffer.from([(old[0] ?? 0) ^ 1]), 0, 1, 700);
    assert.match((await verifyKernel(hyper)).join("\n"), new RegExp(`^${name}: it was sha256:`));
    await file.write(old, 0, 1, 700);
  }
  await writeFile(join(hyper.folder, "extra"), "");
  assert.deepEqual(await verifyKernel(hyper), ["extra: nobody has stored it"]);
});

test("a changed kernel is not given to a machine, also when its size and date are the same, nor one that is gone", async () => {
  await using root = await temporaryFolder();
  await storeIn(root.path);
  const agent = () => Promise.resolve(process.execPath);
  const { path, name } = await chooseKernel(root.path, "hyper", { agent });
  assert.equal((await chooseKernel(root.path, "hyper", { agent })).path, path);
  const before = await stat(path);
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(500_000) ^ 1, 500_000);
  await writeFile(path, bytes);
  await utimes(path, before.atime, before.mtime);
  const damaged = {
    code: "damaged",
    message: `cannot use kernel ${name}: ${path} is not what was stored`,
  };
  await assert.rejects(chooseKernel(root.path, "hyper", { agent }), damaged);
  bytes.writeUInt8(bytes.readUInt8(500_000) ^ 1, 500_000);
  await writeFile(path, bytes);
  assert.equal((await chooseKernel(root.path, "hyper", { agent })).path, path);
  await rm(path);
  await assert.rejects(chooseKernel(root.path, "hyper", { agent }), {
    code: "damaged",
    message: /vmlinux is gone$/,
  });
});

test("the default kernel can be chosen, and isn't removed without force", async () => {
  await using root = await temporaryFolder();
  await storeIn(root.path);
  const stock = await findStoredKernel(root.path, "stock");
  await writeDefaultKernel(root.path, "stock");
  const agent = () => Promise.resolve(process.execPath);
  assert.equal((await chooseKernel(root.path, undefined, { agent })).name, "stock");
  await assert.rejects(removeKernel(root.path, stock, { force: false }), {
    code: "conflict",
    message: /it is the default/,
  });
  await removeKernel(root.path, stock, { force: true });
  assert.deepEqual(
    (await listKernels(root.path)).map(({ name }) => name),
    ["hyper"],
  );
  assert.equal((await chooseKernel(root.path, undefined, { agent })).name, "hyper");
});

test("a kernel that was built for another VMM starts no machine", async () => {
  await using root = await temporaryFolder();
  await storeIn(root.path);
  const { folder } = await findStoredKernel(root.path, "hyper");
  const record = join(folder, "kernel.json");
  await writeFile(record, (await readFile(record, "utf8")).replace('"microvm"', '"xen"'));
  await assert.rejects(chooseKernel(root.path, "hyper", { features: ["microvm"] }), {
    code: "unsupported",
    message: /cannot use kernel hyper: it is for machines of another VMM/,
  });
});

test("a build that can't be leaves nothing in the catalogue, and says why", async () => {
  await using root = await temporaryFolder();
  await assert.rejects(buildKernel(root.path, { recipe: "nosuch" }), {
    code: "not-found",
    message: /there is no such recipe/,
  });
  await assert.rejects(buildKernel(root.path, { source: "/no/such/linux.tar.xz" }));
  const notLinux = join(root.path, "linux.tar");
  await writeFile(notLinux, "no archive");
  await assert.rejects(buildKernel(root.path, { source: notLinux }));
  const kernels = await readdir(join(root.path, "kernels")).catch(() => []);
  assert.deepEqual(
    kernels.filter((name) => !name.startsWith(".")),
    [],
  );
});
