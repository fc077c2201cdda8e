import assert from "node:assert/strict";
import { appendFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { buildKernel, listKernels, rebuildKernel } from "../../src/kernel/kernel-catalogue.ts";
import { standInLinux } from "../support/stand-in-linux.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const feature = "# microvm: for a test\nCONFIG_KNOWN=y # it can\n";

/** A kernel of a stand-in for Linux, whose bzImage gets what `stain` prints. */
async function stainedKernel(folder: string, stain: string) {
  const linux = await standInLinux(folder, { feature, stain });
  const options = { source: linux.archive, from: linux.from };
  const data = join(folder, "data");
  const kernel = await buildKernel(data, { recipe: "little", ...options });
  return { data, kernel, options, from: linux.from };
}

test("a kernel built anew in another folder is the same, byte for byte, and isn't kept", async () => {
  await using folder = await temporaryFolder();
  const { data, kernel, options } = await stainedKernel(folder.path, "echo the same");
  assert.deepEqual(await rebuildKernel(data, kernel, options), []);
  assert.equal((await listKernels(data)).length, 1);
  assert.deepEqual(await readdir(join(data, "tmp")), []);
});

test("what differs between two builds is found: the folder's name, the time", async () => {
  for (const stain of ["pwd", "date +%N"]) {
    await using folder = await temporaryFolder();
    const { data, kernel, options } = await stainedKernel(folder.path, stain);
    const lines = await rebuildKernel(data, kernel, options);
    assert.equal(lines.length, 1, stain);
    const [, at] = /^bzImage: differs from byte (\d+) on$/.exec(lines[0] ?? "") ?? [];
    assert(Number(at) >= kernel.sizeBytes - 200, lines[0]);
  }
});

test("what a kernel was made of must be there still", async () => {
  await using folder = await temporaryFolder();
  const { data, kernel, options, from } = await stainedKernel(folder.path, "echo the same");
  await appendFile(join(from, "source/ours.c"), "int more;\n");
  await assert.rejects(rebuildKernel(data, kernel, options), {
    code: "conflict",
    message: /cannot build little-.* anew: it would be little-.* now/,
  });
  const { built: _, ...unbuilt } = kernel;
  await assert.rejects(rebuildKernel(data, unbuilt, options), /it was not built here/);
});
