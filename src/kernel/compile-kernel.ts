import { appendFile, copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../base/errors.ts";
import { runTool } from "../host/run-tool.ts";
import type { BuildInputs } from "./build-inputs.ts";
import type { BuildLog } from "./build-log.ts";
import { configFragment, kconfigSymbols, lostOptions, unknownOptions } from "./kernel-config.ts";
import { appliesTo, type KernelOption } from "./kernel-feature.ts";
import { recipeOptions, type KernelRecipe } from "./kernel-recipe.ts";
import { unpackKernelSource } from "./kernel-source.ts";
import { readTreeVersion } from "./kernel-version.ts";
import { unpackedImage } from "./kernel.ts";
import { buildImage, make } from "./make-kernel.ts";
import { applySourceChanges } from "./source-changes.ts";

/** How far a build is. */
export interface BuildProgress {
  step: "fetching" | "unpacking" | "configuring" | "compiling";
  /** What of: the source, or the file that was compiled last. */
  subject: string;
  /** Files that were compiled, and how many there were the last time; 0: not known. */
  done: number;
  expected: number;
}

export interface CompileOptions {
  log: BuildLog;
  /** Files that the last build took; 0: not known. */
  expected: number;
  onProgress?: ((progress: BuildProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface CompiledKernel {
  /** Holds `bzImage`, `vmlinux`, `config` and `System.map`. */
  folder: string;
  compiledFiles: number;
  /** From unpacked source on. */
  tookMs: number;
}

/** Fetches, unpacks, configures and compiles a kernel below `work`, an empty folder. */
export async function compileKernel(
  inputs: BuildInputs,
  work: string,
  { log, expected, onProgress, signal }: CompileOptions,
): Promise<CompiledKernel> {
  const { recipe, source, toolChain, changes } = inputs;
  const tell = (step: BuildProgress["step"], subject: string, done = 0) =>
    onProgress?.({ step, subject, done, expected });
  const tree = join(work, "source");
  await mkdir(tree, { recursive: true });
  const subject = `${source.name} ${source.version}`;
  log.write(`building ${recipe.name} of ${subject}\nby ${toolChain}\n`);
  tell("fetching", subject);
  const archive = await source.archive(work, signal);
  tell("unpacking", subject);
  await unpackKernelSource(archive, tree, signal);
  const unpackedAt = performance.now();
  await applySourceChanges(tree, changes, signal);
  tell("configuring", recipe.name);
  await configure(tree, recipe, { log, signal });
  const onFile = (file: string, done: number) => tell("compiling", file, done);
  const compiledFiles = await buildImage(tree, { log, signal, onFile });
  const tookMs = Math.round(performance.now() - unpackedAt);
  return { folder: await takeFiles(tree, join(work, "kernel"), signal), compiledFiles, tookMs };
}

async function configure(
  tree: string,
  recipe: KernelRecipe,
  options: Pick<CompileOptions, "log" | "signal">,
): Promise<void> {
  const version = await readTreeVersion(tree);
  const asked = recipeOptions(recipe).filter((option) => appliesTo(option, version));
  const unknown = unknownOptions(asked, await kconfigSymbols(tree));
  refuse(recipe, `Linux ${version} does not know`, unknown);
  await make(tree, ["tinyconfig"], options);
  await appendFile(join(tree, ".config"), configFragment(asked));
  await make(tree, ["olddefconfig"], options);
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

async function takeFiles(
  tree: string,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  await mkdir(folder);
  await copyFile(join(tree, "arch/x86/boot/bzImage"), join(folder, "bzImage"));
  await copyFile(join(tree, ".config"), join(folder, "config"));
  await copyFile(join(tree, "System.map"), join(folder, "System.map"));
  await runTool("objcopy", ["-S", join(tree, "vmlinux"), join(folder, unpackedImage)], {
    purpose: "take the kernel out of its tree",
    signal,
  });
  return folder;
}
