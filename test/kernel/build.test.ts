import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  buildKernel,
  chooseKernel,
  imageEntry,
  listKernels,
} from "../../src/kernel/kernel-catalogue.ts";
import { testCache } from "../support/cache.ts";
import { standInLinux } from "../support/stand-in-linux.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const data = join(testCache, "data");
const good = "# microvm: for a test\nCONFIG_KNOWN=y # it can\nCONFIG_OTHER=n # it may\n";

async function build(folder: string, options: { feature?: string; compile?: string } = {}) {
  const { archive, from } = await standInLinux(folder, { feature: good, ...options });
  return buildKernel(join(folder, "data"), { recipe: "little", source: archive, from });
}

test("a build keeps kernel, configuration and log, and is done once for the same input", async () => {
  await using folder = await temporaryFolder();
  const kernel = await build(folder.path);
  const files = Object.keys(kernel.files ?? {}).sort();
  assert.deepEqual(files, ["System.map", "build.log", "bzImage", "config", "vmlinux"]);
  assert.match(await readFile(join(kernel.folder, "config"), "utf8"), /^CONFIG_KNOWN=y$/m);
  assert.match(await readFile(join(kernel.folder, "build.log"), "utf8"), /CC +init\/main\.o/);
  assert.equal(kernel.built?.compiledFiles, 2);
  assert.equal((await build(folder.path)).builtAt, kernel.builtAt);
  const changed = await build(folder.path, { feature: `${good}CONFIG_LOST=n # one more\n` });
  assert.notEqual(changed.id, kernel.id);
  assert.deepEqual(await readdir(join(folder.path, "data/tmp")), []);
});

test("options that the source does not know stop a build, all of them with their places", async () => {
  await using folder = await temporaryFolder();
  const feature = `${good}CONFIG_KNOWM=y # a typo\nCONFIG_NEVER_WAS=n # idem\n`;
  await assert.rejects(build(folder.path, { feature }), {
    code: "invalid",
    message:
      /Linux 6\.1 does not know:\nCONFIG_KNOWM=y \(features\/microvm\.config:4\)\nCONFIG_NEVER_WAS=n \(features\/microvm\.config:5\)$/,
  });
  assert.deepEqual(await listKernels(join(folder.path, "data")), []);
});

test("options that did not survive the source's dependencies stop a build, each with what it became", async () => {
  await using folder = await temporaryFolder();
  const feature = `${good}CONFIG_LOST=y # its dependencies forbid it\n`;
  await assert.rejects(build(folder.path, { feature }), {
    code: "invalid",
    message: /did not survive:\nCONFIG_LOST=y became n \(features\/microvm\.config:4\)$/,
  });
});

test("a build that fails leaves no kernel; the error says what the compiler said, and where the log is", async () => {
  await using folder = await temporaryFolder();
  const compile = `printf 'int main(void) { return lost; }' >main.c; gcc -c main.c || {
for level in 6 5 4 3 2 1; do echo "make[$$level]: *** [init] Error 2" >&2; done; exit 2; }`;
  const log = join(folder.path, "data/kernel-logs/little.log");
  await assert.rejects(build(folder.path, { compile: compile.replaceAll("\n", " ") }), {
    code: "internal",
    message: /^cannot build a kernel: make failed:\nmain\.c:1:\d+: error: .lost. undeclared/,
    hint: `the whole log is ${log}`,
  });
  assert.match(await readFile(log, "utf8"), /main\.c:1:\d+: error:[^]*make.*\*\*\*/);
  assert.deepEqual(await listKernels(join(folder.path, "data")), []);
  assert.deepEqual(await readdir(join(folder.path, "data/tmp")), []);
});

test("a build that is stopped leaves no kernel and no folder, and the next one starts clean", async () => {
  await using folder = await temporaryFolder();
  const { archive, from } = await standInLinux(folder.path, {
    feature: good,
    compile: "echo '  CC      init/main.o'; sleep 60",
  });
  const stop = new AbortController();
  const stopped = buildKernel(join(folder.path, "data"), {
    ...{ recipe: "little", source: archive, from, signal: stop.signal },
    onProgress: ({ step, done }) => void (step === "compiling" && done > 0 && stop.abort()),
  });
  await assert.rejects(stopped, { name: "AbortError" });
  assert.deepEqual(await listKernels(join(folder.path, "data")), []);
  assert.deepEqual(await readdir(join(folder.path, "data/tmp")), []);
  assert.equal((await build(folder.path)).name, "little");
});

test("an archive that is damaged, or holds no Linux, is told from a failed build", async () => {
  await using folder = await temporaryFolder();
  const { archive, from } = await standInLinux(folder.path, {
    feature: good,
    ballastBytes: 99_999,
  });
  const data = join(folder.path, "data");
  const buildOf = (source: string) => buildKernel(data, { recipe: "little", source, from });
  const damaged = { code: "damaged", message: `cannot unpack the kernel's source ${archive}` };
  await truncate(archive, 400);
  await assert.rejects(buildOf(archive), damaged);
  await writeFile(archive, "no archive");
  await assert.rejects(buildOf(archive), damaged);
  const other = join(folder.path, "other.tar");
  await promisify(execFile)("tar", ["-cf", other, "-C", folder.path, "linux-6.1/ballast"]);
  await assert.rejects(buildOf(other), {
    code: "damaged",
    message: "cannot build a kernel: its source is no Linux",
  });
  assert.deepEqual(await listKernels(data), []);
  assert.deepEqual(await readdir(join(data, "tmp")), []);
  await rm(archive);
  await assert.rejects(buildOf(archive), { code: "invalid", message: /there is no archive/ });
  await assert.rejects(buildOf("latest"), /"latest" is no source/);
});

test("a source package that the distribution does not have is told by its name", async () => {
  await using folder = await temporaryFolder();
  await assert.rejects(buildKernel(join(folder.path, "data"), { source: "6.99" }), {
    code: "unavailable",
    message: "cannot build a kernel: there is no package linux-source-6.99",
    hint: /apt-cache search linux-source/,
  });
});

test("a kernel of our own is started unpacked, at the address that its PVH note tells", async () => {
  const { path } = await chooseKernel(data, "hyper");
  const { stdout } = await promisify(execFile)("readelf", ["-n", path]);
  const [, bytes = ""] =
    /\(0x00000012\)\s+description data: ((?:[0-9a-f]{2} ){4})/.exec(stdout) ?? [];
  const address = Buffer.from(bytes.replaceAll(" ", ""), "hex").readUInt32LE();
  assert.equal(await imageEntry(path), address);
});
