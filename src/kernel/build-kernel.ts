import { createHash } from "node:crypto";
import { appendFile, copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DvmError } from "../base/errors.ts";
import { runTool } from "../host/run-tool.ts";
import { buildFolder } from "./build-folder.ts";
import { openBuildLog, type BuildLog } from "./build-log.ts";
import { readKernelRelease } from "./bzimage.ts";
import { configFragment, kconfigSymbols, lostOptions, unknownOptions } from "./kernel-config.ts";
import { appliesTo, type KernelOption } from "./kernel-feature.ts";
import { readRecipe, recipeOptions, type KernelRecipe } from "./kernel-recipe.ts";
import { findKernelSource, unpackKernelSource, type KernelSource } from "./kernel-source.ts";
import { readTreeVersion } from "./kernel-version.ts";
import {
  kernelsRoot,
  readStoredKernel,
  storedKernels,
  storeKernel,
  unpackedImage,
  type StoredKernel,
} from "./kernel.ts";
import { buildImage, make } from "./make-kernel.ts";
import {
  applySourceChanges,
  describeSourceChanges,
  readSourceChanges,
  type SourceChanges,
} from "./source-changes.ts";
import { describeToolChain, requireToolChain } from "./tool-chain.ts";

const kernelFolder = fileURLToPath(new URL("../../kernel", import.meta.url));
/** Change it when the same source, options and tools give another kernel. */
const builderVersion = 2;

/** How far a build is. */
export interface BuildProgress {
  step: "fetching" | "unpacking" | "configuring" | "compiling";
  /** What of: the source, or the file that was compiled last. */
  subject: string;
  /** Files that were compiled, and how many there were the last time; 0: not known. */
  done: number;
  expected: number;
}

interface BuildOptions {
  /** Of kernel/recipes; `hyper` when left out. */
  recipe?: string | undefined;
  /** As {@link findKernelSource} takes it. */
  source?: string | undefined;
  /** Where kernel/ lies, for tests. */
  from?: string | undefined;
  onProgress?: ((progress: BuildProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Builds a kernel of a recipe, some minutes long. One that was built of the same source, options
 * and tools is given back at once.
 */
export async function buildKernel(
  dataRoot: string,
  options: BuildOptions = {},
): Promise<StoredKernel> {
  const from = options.from ?? kernelFolder;
  const recipe = await readRecipe(options.recipe ?? "hyper", from);
  await requireToolChain();
  const source = await findKernelSource(dataRoot, options.source);
  const toolChain = await describeToolChain();
  const changes = await readSourceChanges(from);
  const key = inputDigest({ recipe, source, toolChain, changes });
  const id = `${recipe.name}-${source.version.replace(/^sha256:(.{12}).*/, "$1")}-${key}`;
  const present = await readStoredKernel(join(kernelsRoot(dataRoot), id));
  if (present !== undefined) return present;
  await using log = await openBuildLog(dataRoot, recipe.name);
  const { onProgress, signal } = options;
  const build = { dataRoot, recipe, source, toolChain, changes, log, onProgress, signal };
  try {
    return await buildAnew(build, join(kernelsRoot(dataRoot), id));
  } catch (cause) {
    signal?.throwIfAborted();
    throw await log.explain(cause);
  }
}

interface Build extends Pick<BuildOptions, "onProgress" | "signal"> {
  dataRoot: string;
  recipe: KernelRecipe;
  source: KernelSource;
  toolChain: string;
  changes: SourceChanges;
  log: BuildLog;
}

async function buildAnew(build: Build, target: string): Promise<StoredKernel> {
  const { dataRoot, source, log, signal, onProgress } = build;
  const earlier = (await storedKernels(dataRoot)).filter(({ name }) => name === build.recipe.name);
  const expected = earlier[0]?.built?.compiledFiles ?? 0;
  const tell = (step: BuildProgress["step"], subject: string, done = 0) =>
    onProgress?.({ step, subject, done, expected });
  await using work = await buildFolder(dataRoot);
  const tree = join(work.path, "source");
  await mkdir(tree);
  const subject = `${source.name} ${source.version}`;
  log.write(`building ${build.recipe.name} of ${subject}\nby ${build.toolChain}\n`);
  tell("fetching", subject);
  const archive = await source.archive(work.path, signal);
  tell("unpacking", subject);
  await unpackKernelSource(archive, tree, signal);
  const unpackedAt = performance.now();
  await applySourceChanges(tree, build.changes, signal);
  tell("configuring", build.recipe.name);
  await configure(tree, build);
  const compiledFiles = await buildImage(tree, {
    log,
    signal,
    onFile: (file, done) => tell("compiling", file, done),
  });
  const tookMs = Math.round(performance.now() - unpackedAt);
  return await takeKernel(tree, join(work.path, "kernel"), {
    build,
    target,
    compiledFiles,
    tookMs,
  });
}

async function configure(tree: string, { recipe, log, signal }: Build): Promise<void> {
  const version = await readTreeVersion(tree);
  const asked = recipeOptions(recipe).filter((option) => appliesTo(option, version));
  refuse(
    recipe,
    `Linux ${version} does not know`,
    unknownOptions(asked, await kconfigSymbols(tree)),
  );
  await make(tree, ["tinyconfig"], { log, signal });
  await appendFile(join(tree, ".config"), configFragment(asked));
  await make(tree, ["olddefconfig"], { log, signal });
  const config = await readFile(join(tree, ".config"), "utf8");
  refuse(recipe, `of Linux ${version}'s dependencies these did not survive`, lost(asked, config));
}

/** Features may ask for the same. */
function lost(asked: KernelOption[], config: string): string[] {
  return [...new Set(lostOptions(asked, config))];
}

function refuse(recipe: KernelRecipe, fact: string, options: string[]): void {
  if (options.length === 0) return;
  throw new DvmError(
    "invalid",
    `cannot build kernel ${recipe.name}: ${fact}:\n${options.join("\n")}`,
    { hint: "an option for some versions only says so: CONFIG_X=y since 6.9 # why" },
  );
}

interface Built {
  build: Build;
  target: string;
  compiledFiles: number;
  tookMs: number;
}

async function takeKernel(
  tree: string,
  folder: string,
  { build, target, compiledFiles, tookMs }: Built,
): Promise<StoredKernel> {
  const { recipe, source, toolChain, log, signal } = build;
  await mkdir(folder);
  await copyFile(join(tree, "arch/x86/boot/bzImage"), join(folder, "bzImage"));
  await copyFile(join(tree, ".config"), join(folder, "config"));
  await copyFile(join(tree, "System.map"), join(folder, "System.map"));
  await runTool("objcopy", ["-S", join(tree, "vmlinux"), join(folder, unpackedImage)], {
    purpose: "take the kernel out of its tree",
    signal,
  });
  await log.copyTo(join(folder, "build.log"));
  const names = recipe.features.map(({ name }) => name);
  return await storeKernel(folder, target, {
    name: recipe.name,
    release: await readKernelRelease(join(folder, "bzImage")),
    discovery: names.includes("microvm") ? "cmdline" : "acpi",
    source: `${source.name} ${source.version}, kernel/recipes/${recipe.name}.recipe`,
    modules: [],
    built: {
      source: source.name,
      sourceVersion: source.version,
      toolChain,
      features: names,
      compiledFiles,
      tookMs,
    },
  });
}

/** Names a kernel by all that goes into it. */
function inputDigest(input: {
  recipe: KernelRecipe;
  source: KernelSource;
  toolChain: string;
  changes: SourceChanges;
}): string {
  const options = recipeOptions(input.recipe).map(({ name, value, since, until }) => [
    name,
    value,
    since,
    until,
  ]);
  const { name, version } = input.source;
  const inputs = {
    builderVersion,
    recipe: input.recipe.name,
    options,
    ...{ name, version },
    toolChain: input.toolChain,
    changes: describeSourceChanges(input.changes),
  };
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 12);
}
