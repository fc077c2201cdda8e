import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { describeError, DvmError } from "../../src/base/errors.ts";
import {
  buildKernel,
  listKernels,
  verifyKernel,
  type StoredKernel,
} from "../../src/kernel/kernel-catalogue.ts";
import { standInCheckout, standInLinux, type StandInLinux } from "../support/stand-in-linux.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);
const feature = "# microvm: for a test\nCONFIG_KNOWN=y # it can\n";
/** Compilers that say nothing, one below the other. */
const slow = "echo '  CC      init/main.o'; sh -c 'sleep 601 & sleep 602; true'";
const deadlineMs = 60_000;
const isRoot = process.getuid?.() === 0;

/** `dvm kernel build` as a process. */
async function buildProcess(folder: string, archive: string, wrapper: string[] = []) {
  const dvm = await standInCheckout(folder);
  const build = ["kernel", "build", "--source", archive, "little"];
  const [command = "", ...words] = [
    ...wrapper,
    ...dvm,
    "--data-root",
    join(folder, "data"),
    ...build,
  ];
  return spawn(command, words, { stdio: ["ignore", "pipe", "pipe"] });
}

/** Starts a build that takes ten minutes, and gives it when it compiles. */
async function compilingProcess(folder: string) {
  const { archive } = await standInLinux(folder, { feature, compile: slow });
  const child = await buildProcess(folder, archive);
  let said = "";
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`;
    if (!line.includes("compiling 1 files")) continue;
    await until(async () => (await pidsIn(folder)).length >= 3);
    return child;
  }
  return assert.fail(`it never compiled: ${said}`);
}

async function buildAgain(folder: string): Promise<void> {
  const { archive, from } = await standInLinux(folder, { feature });
  const options = { recipe: "little", source: archive, from };
  const kernel = await buildKernel(join(folder, "data"), options);
  assert.deepEqual(await verifyKernel(kernel), []);
  assert.deepEqual(await readdir(join(folder, "data/tmp")), []);
}

/** What works in a folder, or in what was one. */
async function pidsIn(folder: string): Promise<number[]> {
  const pids: number[] = [];
  for (const name of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const place = await readlink(`/proc/${name}/cwd`).catch(() => "");
    if (place.startsWith(folder)) pids.push(Number(name));
  }
  return pids;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await condition())) {
    assert(performance.now() < deadline, "it has not come to pass");
    await delay(20);
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`a build that gets ${signal} ends its compilers, and leaves nothing`, async () => {
    await using folder = await temporaryFolder();
    const child = await compilingProcess(folder.path);
    const errors = text(child.stderr);
    child.kill(signal);
    const [code] = await once(child, "exit");
    assert.equal(code, 1);
    assert.match(await errors, /cannot build a kernel: it was stopped/);
    assert.deepEqual(await pidsIn(folder.path), []);
    const data = join(folder.path, "data");
    assert.deepEqual(await listKernels(data), []);
    assert.deepEqual(await readdir(join(data, "tmp")), []);
    await buildAgain(folder.path);
  });
}

for (const signal of ["SIGKILL", "SIGHUP"] as const) {
  test(`a build that dies of ${signal} takes its compilers along, and leaves no kernel; the next one starts clean`, async () => {
    await using folder = await temporaryFolder();
    const child = await compilingProcess(folder.path);
    child.kill(signal);
    await once(child, "exit");
    await until(async () => (await pidsIn(folder.path)).length === 0);
    const data = join(folder.path, "data");
    assert.deepEqual(await listKernels(data), []);
    assert.equal((await readdir(join(data, "tmp"))).length, 1);
    await buildAgain(folder.path);
  });
}

test("a disk that gets full, wherever in a build, is told as that, and with room it goes", async (context) => {
  if (!isRoot) return context.skip("mounting a small disk needs root");
  await using folder = await temporaryFolder();
  const linux = await standInLinux(folder.path, { feature, ballastBytes: 20 * 2 ** 20 });
  const data = join(folder.path, "data");
  await mkdir(data);
  await run("mount", ["-t", "tmpfs", "-o", "size=10m", "dvm-test", data]);
  try {
    const reached = new Set<string>();
    let kernel = await buildOnFullDisk(data, linux, reached);
    for (let sizeMiB = 16; kernel === undefined; sizeMiB += 4) {
      assert(sizeMiB < 200, "no disk is large enough");
      assert.deepEqual(await listKernels(data), []);
      assert.deepEqual(await readdir(join(data, "tmp")), []);
      await run("mount", ["-o", `remount,size=${sizeMiB}m`, data]);
      kernel = await buildOnFullDisk(data, linux, reached);
    }
    assert.deepEqual([...reached], ["unpacking 0", "compiling 0", "compiling 2"]);
    assert.deepEqual(await verifyKernel(kernel), []);
  } finally {
    await run("umount", [data]);
  }
});

/** The kernel, or undefined when the disk was full, with how far it got added to `reached`. */
async function buildOnFullDisk(
  data: string,
  { archive, from }: StandInLinux,
  reached: Set<string>,
): Promise<StoredKernel | undefined> {
  let last = "";
  try {
    return await buildKernel(data, {
      ...{ recipe: "little", source: archive, from },
      onProgress: ({ step, done }) =>
        void (last = `${step === "configuring" ? "compiling" : step} ${done}`),
    });
  } catch (error) {
    assert(error instanceof DvmError);
    assert.equal(error.code, "no-space", describeError(error));
    assert.equal(error.message, "cannot build a kernel: the disk is full");
    reached.add(last);
    return undefined;
  }
}

test("missing tools are named as packages, before anything is fetched", async (context) => {
  if (!isRoot) return context.skip("hiding files needs root");
  await using folder = await temporaryFolder();
  const { archive } = await standInLinux(folder.path, { feature });
  const hidden = [
    "unshare",
    "-m",
    "sh",
    "-c",
    'mount -t tmpfs none /usr/include && exec "$@"',
    "sh",
  ];
  const child = await buildProcess(folder.path, archive, hidden);
  const errors = await text(child.stderr);
  assert.match(errors, /cannot build a kernel: libc6-dev, libelf-dev not installed/);
  assert.match(errors, /apt-get install libc6-dev libelf-dev/);
});

test("builds of the same at once end with one whole kernel, each with its own log", async () => {
  await using folder = await temporaryFolder();
  const { archive, from } = await standInLinux(folder.path, { feature, before: "sleep 0.5" });
  const data = join(folder.path, "data");
  const options = { recipe: "little", source: archive, from };
  const builds = Array.from({ length: 4 }, () => buildKernel(data, options));
  const [first, ...others] = (await Promise.all(builds)).map(({ id, builtAt }) => ({
    id,
    builtAt,
  }));
  for (const other of others) assert.deepEqual(other, first);
  const [kernel, ...more] = await listKernels(data);
  assert(kernel !== undefined && more.length === 0);
  assert.deepEqual(await verifyKernel(kernel), []);
  const log = await readFile(join(kernel.folder, "build.log"), "utf8");
  assert.equal(log.match(/^building /gm)?.length, 1);
  assert.equal(log.match(/CC +init\/main\.o/g)?.length, 1);
  assert.deepEqual(await readdir(join(data, "kernel-logs")), ["little.log"]);
  assert.deepEqual(await readdir(join(data, "tmp")), []);
});

test("builds of one recipe at once, of two sources, end with two kernels, each with its own log", async () => {
  await using folder = await temporaryFolder();
  const data = join(folder.path, "data");
  const builds = ["one", "two"].map(async (name) => {
    const before = `echo '  CC      init/${name}.o'; sleep 0.5`;
    const { archive, from } = await standInLinux(join(folder.path, name), { feature, before });
    return buildKernel(data, { recipe: "little", source: archive, from });
  });
  const logs = (await Promise.all(builds)).map(({ folder }) => join(folder, "build.log"));
  for (const [index, path] of logs.entries()) {
    const log = await readFile(path, "utf8");
    assert.equal(/CC +init\/(one|two)\.o$/m.exec(log)?.[1], ["one", "two"][index]);
    assert.equal(log.match(/^building /gm)?.length, 1);
  }
  assert.equal((await listKernels(data)).length, 2);
});
