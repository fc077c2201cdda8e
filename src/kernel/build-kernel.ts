import { join } from "node:path";
import { buildFolder } from "./build-folder.ts";
import { gatherInputs, type BuildInputs, type InputOptions } from "./build-inputs.ts";
import { openBuildLog, type BuildLog } from "./build-log.ts";
import { readKernelRelease } from "./bzimage.ts";
import { compileKernel, type CompiledKernel, type CompileOptions } from "./compile-kernel.ts";
import { recipeOptions } from "./kernel-recipe.ts";
import {
  kernelsRoot,
  readStoredKernel,
  storedKernels,
  storeKernel,
  type StoredKernel,
} from "./kernel.ts";

type BuildOptions = InputOptions & Pick<CompileOptions, "onProgress" | "signal">;

/**
 * Builds a kernel of a recipe, some minutes long. One that was built of the same source, options
 * and tools is given back at once.
 */
export async function buildKernel(
  dataRoot: string,
  { onProgress, signal, ...wants }: BuildOptions = {},
): Promise<StoredKernel> {
  const inputs = await gatherInputs(dataRoot, wants);
  const target = join(kernelsRoot(dataRoot), inputs.id);
  const present = await readStoredKernel(target);
  if (present !== undefined) return present;
  const options = { logName: inputs.recipe.name, folder: ".", onProgress, signal };
  return await withCompiled(dataRoot, inputs, options, async (compiled, log) => {
    await log.copyTo(join(compiled.folder, "build.log"));
    return await takeKernel(inputs, compiled, target);
  });
}

interface CompiledOptions extends Pick<CompileOptions, "onProgress" | "signal"> {
  /** What the kept log is called. */
  logName: string;
  /** Where in the build's own folder it is compiled. */
  folder: string;
}

/** Compiles a kernel, has `use` take what it wants of it, and removes the rest. */
export async function withCompiled<T>(
  dataRoot: string,
  inputs: BuildInputs,
  { logName, folder, onProgress, signal }: CompiledOptions,
  use: (compiled: CompiledKernel, log: BuildLog) => Promise<T>,
): Promise<T> {
  await using log = await openBuildLog(dataRoot, logName);
  try {
    await using work = await buildFolder(dataRoot);
    const expected = await filesOfLastBuild(dataRoot, inputs.recipe.name);
    const options = { log, expected, onProgress, signal };
    return await use(await compileKernel(inputs, join(work.path, folder), options), log);
  } catch (cause) {
    signal?.throwIfAborted();
    throw log.explain(cause);
  }
}

/** How many files the last build of a recipe took; 0 when there was none. */
async function filesOfLastBuild(dataRoot: string, recipe: string): Promise<number> {
  const earlier = (await storedKernels(dataRoot)).filter(({ name }) => name === recipe);
  return earlier[0]?.built?.compiledFiles ?? 0;
}

async function takeKernel(
  { recipe, source, toolChain }: BuildInputs,
  { folder, compiledFiles, tookMs }: CompiledKernel,
  target: string,
): Promise<StoredKernel> {
  const features = recipe.features.map(({ name }) => name);
  const isOn = (option: string) =>
    recipeOptions(recipe).some(({ name, value }) => name === option && value === "y");
  return await storeKernel(folder, target, {
    name: recipe.name,
    release: await readKernelRelease(join(folder, "bzImage")),
    discovery: isOn("CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES") ? "cmdline" : "acpi",
    source: `${source.name} ${source.version}, kernel/recipes/${recipe.name}.recipe`,
    modules: [],
    built: {
      ...{ source: source.name, sourceVersion: source.version, toolChain },
      ...{ features, compiledFiles, tookMs },
    },
  });
}
