import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { buildKernel, listKernels, rebuildKernel } from "../../src/kernel/kernel-catalogue.ts";
import { standInCheckout, standInLinux } from "../support/stand-in-linux.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const feature = "# microvm: for a test\nCONFIG_KNOWN=y # it can\n";
/** objcopy moves what is in an image a little. */
const movedBytes = 65_536;

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
    const [, at] = /^bzImage: differs from byte (\d+) on/.exec(lines[0] ?? "") ?? [];
    assert(Number(at) >= kernel.sizeBytes - 200, lines[0]);
  }
});

test("a random number in the unpacked kernel and a symbol more are found, each with its file and place", async () => {
  await using folder = await temporaryFolder();
  const after =
    "head -c 64 /dev/urandom | dd of=vmlinux bs=1 seek=9000000 conv=notrunc status=none; pwd >>System.map";
  const linux = await standInLinux(folder.path, { feature, after });
  const options = { source: linux.archive, from: linux.from };
  const data = join(folder.path, "data");
  const kernel = await buildKernel(data, { recipe: "little", ...options });
  const [image = "", map = "", ...others] = await rebuildKernel(data, kernel, options);
  const place = Number(/^vmlinux: differs from byte (\d+) on$/.exec(image)?.[1]);
  assert(Math.abs(place - 9_000_000) < movedBytes, image);
  const { size } = await stat(join(kernel.folder, "System.map"));
  const [, at, length] =
    /^System\.map: differs from byte (\d+) on; it has (\d+) bytes, the other \d+$/.exec(map) ?? [];
  assert.equal(Number(length), size);
  assert(Number(at) > size - 200, map);
  assert.deepEqual(others, []);
});

test("nothing is compared when what a kernel was made of has changed, and it is told what", async () => {
  await using folder = await temporaryFolder();
  const { data, kernel, options, from } = await stainedKernel(folder.path, "echo the same");
  const again = (source?: string) => rebuildKernel(data, kernel, { source, from });
  await assert.rejects(again(), {
    code: "invalid",
    message: /it was built of linux\.tar\.xz$/,
    hint: "give its path by --source",
  });
  const changed = { code: "conflict", message: /C files and patches have changed since$/ };
  await writeFile(join(from, "features/microvm.config"), `${feature}CONFIG_LOST=n # more\n`);
  await assert.rejects(again(options.source), changed);
  await writeFile(join(from, "features/microvm.config"), feature);
  await appendFile(join(from, "source/ours.c"), "int more;\n");
  await assert.rejects(again(options.source), changed);
  await standInLinux(folder.path, { feature, stain: "echo another" });
  await assert.rejects(again(options.source), {
    code: "conflict",
    message: /its source was linux\.tar\.xz sha256:\w+, now there is linux\.tar\.xz sha256:\w+$/,
  });
  assert(kernel.built !== undefined);
  const built = { ...kernel.built, toolChain: "gcc 1.0" };
  await standInLinux(folder.path, { feature, stain: "echo the same" });
  const older = { ...kernel, id: "little-older", built };
  await assert.rejects(rebuildKernel(data, older, options), {
    code: "conflict",
    message: /its tools were gcc 1\.0, now there are gcc .*$/,
  });
  const { built: _, ...unbuilt } = kernel;
  await assert.rejects(rebuildKernel(data, unbuilt, options), /it was not built here/);
});

test("dvm kernel verify --rebuild says which kernels came out the same, and fails for others", async () => {
  await using folder = await temporaryFolder();
  const { data, kernel, options } = await stainedKernel(folder.path, "echo the same");
  const [program, ...words] = await standInCheckout(folder.path);
  const dvm = (...more: string[]) =>
    promisify(execFile)(program, [...words, "--data-root", data, "kernel", ...more]);
  const rebuild = ["verify", "--rebuild", "--source", options.source];
  const { stdout, stderr } = await dvm(...rebuild);
  assert.equal(stdout, `${kernel.id}: the same bzImage, vmlinux, config, System.map\n`);
  assert.match(stderr, /compiling 1 of 2 \(50 %\) init\/main\.o$/m);
  await standInLinux(folder.path, { feature, stain: "pwd" });
  const path = (await dvm("build", "--source", options.source, "little")).stdout;
  const id = path.split("/").at(-2) ?? "";
  await assert.rejects(dvm(...rebuild, id), {
    code: 1,
    stdout: "",
    stderr: new RegExp(`the same built anew is not kernel ${id}:\nbzImage: differs from byte \\d+`),
  });
  await assert.rejects(dvm("verify", "--source", options.source), /goes with --rebuild/);
  await dvm("rm", kernel.id, id);
  await assert.rejects(dvm("verify", "--rebuild"), /none of the store was built here/);
});
