import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, readlink, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { readKernelRelease } from "../../src/kernel/bzimage.ts";
import { cpioArchive } from "../../src/kernel/cpio.ts";
import { chooseKernel, listKernels } from "../../src/kernel/kernel-catalogue.ts";
import { testCache } from "../support/cache.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const data = join(testCache, "data");

test("our cpio archives unpack to what went in", async () => {
  await using folder = await temporaryFolder();
  const archive = cpioArchive([
    { kind: "folder", path: "sub", mode: 0o750 },
    { kind: "file", path: "sub/odd-size", mode: 0o755, content: Buffer.from("12345") },
    { kind: "file", path: "empty", mode: 0o600, content: Buffer.alloc(0) },
    { kind: "link", path: "link", target: "sub/odd-size" },
  ]);
  await writeFile(join(folder.path, "archive"), archive);
  await promisify(execFile)("busybox", ["cpio", "-idF", "archive"], { cwd: folder.path });
  assert.equal(await readFile(join(folder.path, "sub/odd-size"), "utf8"), "12345");
  assert.equal((await stat(join(folder.path, "sub"))).mode & 0o777, 0o750);
  assert.equal((await stat(join(folder.path, "empty"))).size, 0);
  assert.equal(await readlink(join(folder.path, "link")), "sub/odd-size");
});

test("the release in a kernel's file is read, and a file that is no kernel is refused", async () => {
  for (const { path, release } of await listKernels(data))
    assert.equal(await readKernelRelease(path), release);
  await assert.rejects(readKernelRelease(import.meta.filename), {
    code: "invalid",
    message: /not a Linux bzImage/,
  });
  await assert.rejects(readKernelRelease("/no/such/kernel"), /there is no such file/);
});

test("the best kernel is chosen when none is named, and one by name or path", async () => {
  assert.equal((await chooseKernel(data, undefined)).name, "hyper");
  const stock = await chooseKernel(data, "stock");
  assert.equal(stock.discovery, "acpi");
  await using folder = await temporaryFolder();
  const custom = await chooseKernel(folder.path, stock.path);
  assert.equal(custom.release, stock.release);
  await assert.rejects(
    chooseKernel(data, "nosuch"),
    /cannot use kernel nosuch: it is not in the store/,
  );
});

test("a store without kernels says how to get one, and a damaged one is told", async () => {
  await using folder = await temporaryFolder();
  await assert.rejects(chooseKernel(folder.path, undefined), {
    code: "unavailable",
    hint: "run: dvm setup",
  });
  await mkdir(join(folder.path, "kernels/stock-x"), { recursive: true });
  await writeFile(join(folder.path, "kernels/stock-x/kernel.json"), "{}");
  await assert.rejects(listKernels(folder.path), { code: "damaged" });
});
