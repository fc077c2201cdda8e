import { createHash } from "node:crypto";
import { appendFile, copyFile, mkdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DvmError } from "../base/errors.ts";
import { runTool } from "../host/run-tool.ts";
import { temporaryFolder } from "../host/temporary-folder.ts";
import { missingBuildPackages } from "./build-tools.ts";
import { readKernelRelease } from "./bzimage.ts";
import { configFragment, lostOptions, parseOptions } from "./kernel-config.ts";
import { findKernelSource, unpackKernelSource, type KernelSource } from "./kernel-source.ts";
import { kernelsRoot, readStoredKernel, storeKernel, type StoredKernel } from "./kernel.ts";

const configPath = fileURLToPath(new URL("../../kernel/hyper.config", import.meta.url));
/** Change it when the same source and options give another kernel. */
const recipeVersion = 1;
const filesBetweenReports = 100;

interface BuildOptions {
  onProgress?: ((text: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Builds the HyperKernel of the distribution's source and kernel/hyper.config, some minutes long.
 * One that was built of the same before is given back at once.
 */
export async function buildKernel(
  dataRoot: string,
  { onProgress, signal }: BuildOptions = {},
): Promise<StoredKernel> {
  const source = await findKernelSource(dataRoot);
  const config = await readFile(configPath, "utf8");
  const key = digest(`${recipeVersion} ${source.version}\n${config}`).slice(0, 12);
  const target = join(kernelsRoot(dataRoot), `hyper-${source.version}-${key}`);
  const present = await readStoredKernel(target);
  if (present !== undefined) return present;
  await requireTools();
  await using work = await temporaryFolder(dataRoot, "hyper-kernel");
  const tree = join(work.path, "source");
  await mkdir(tree);
  onProgress?.(`unpacking ${source.packageName} ${source.version}`);
  await unpackKernelSource(await source.archive(work.path, signal), tree, signal);
  onProgress?.("configuring");
  await configure(tree, config, signal);
  await compile(tree, { onProgress, signal });
  return await takeKernel(tree, join(work.path, "kernel"), target, source);
}

async function requireTools(): Promise<void> {
  const missing = await missingBuildPackages();
  if (missing.length === 0) return;
  throw new DvmError("unavailable", `cannot build a kernel: ${missing.join(", ")} not installed`, {
    hint: `as root: apt-get install ${missing.join(" ")}`,
  });
}

async function configure(
  tree: string,
  config: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = parseOptions(config);
  await make(tree, ["tinyconfig"], { signal });
  await appendFile(join(tree, ".config"), configFragment(options));
  await make(tree, ["olddefconfig"], { signal });
  const lost = lostOptions(options, await readFile(join(tree, ".config"), "utf8"));
  if (lost.length > 0) {
    throw new DvmError(
      "invalid",
      `cannot build a kernel: this source does not take ${lost.join(", ")}`,
      { hint: `see ${configPath}` },
    );
  }
}

async function compile(tree: string, { onProgress, signal }: BuildOptions): Promise<void> {
  let files = 0;
  const onLine = () => {
    files++;
    if (files % filesBetweenReports === 0) onProgress?.(`compiling, ${files} files done`);
  };
  onProgress?.("compiling, some minutes");
  await make(tree, [`-j${availableParallelism()}`, "bzImage"], { signal, onLine });
}

interface MakeOptions {
  signal: AbortSignal | undefined;
  onLine?: (line: string) => void;
}

async function make(tree: string, words: string[], options: MakeOptions): Promise<void> {
  await runTool("nice", ["-n", "10", "make", "-C", tree, "ARCH=x86_64", ...words], {
    purpose: "build a kernel",
    // the same input shall give the same kernel
    environment: {
      KBUILD_BUILD_TIMESTAMP: "1970-01-01",
      KBUILD_BUILD_USER: "dvm",
      KBUILD_BUILD_HOST: "dvm",
    },
    ...options,
  });
}

async function takeKernel(
  tree: string,
  folder: string,
  target: string,
  { packageName, version }: KernelSource,
): Promise<StoredKernel> {
  await mkdir(folder);
  await copyFile(join(tree, "arch/x86/boot/bzImage"), join(folder, "bzImage"));
  const record = {
    name: "hyper",
    release: await readKernelRelease(join(folder, "bzImage")),
    discovery: "cmdline" as const,
    source: `${packageName} ${version}, kernel/hyper.config`,
    modules: [],
  };
  return await storeKernel(folder, target, record);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
