import { join } from "node:path";
import { buildFolder } from "./build-folder.ts";
import { gatherInputs, type BuildInputs, type InputOptions } from "./build-inputs.ts";
import { openBuildLog } from "./build-log.ts";
import { readKernelRelease } from "./bzimage.ts";
import { compileKernel, type CompiledKernel, type CompileOptions } from "./compile-kernel.ts";
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
  await using log = await openBuildLog(dataRoot, inputs.recipe.name);
  try {
    await using work = await buildFolder(dataRoot);
    const expected = await filesOfLastBuild(dataRoot, inputs.recipe.name);
    const compiled = await compileKernel(inputs, work.path, { log, expected, onProgress, signal });
    await log.copyTo(join(compiled.folder, "build.log"));
    return await takeKernel(inputs, compiled, target);
  } catch (cause) {
    signal?.throwIfAborted();
    throw log.explain(cause);
  }
}

/** How many files the last build of a recipe took; 0 when there was none. */
export async function filesOfLastBuild(dataRoot: string, recipe: string): Promise<number> {
  const earlier = (await storedKernels(dataRoot)).filter(({ name }) => name === recipe);
  return earlier[0]?.built?.compiledFiles ?? 0;
}

async function takeKernel(
  { recipe, source, toolChain }: BuildInputs,
  { folder, compiledFiles, tookMs }: CompiledKernel,
  target: string,
): Promise<StoredKernel> {
  const features = recipe.features.map(({ name }) => name);
  return await storeKernel(folder, target, {
    name: recipe.name,
    release: await readKernelRelease(join(folder, "bzImage")),
    discovery: features.includes("microvm") ? "cmdline" : "acpi",
    source: `${source.name} ${source.version}, kernel/recipes/${recipe.name}.recipe`,
    modules: [],
    built: {
      ...{ source: source.name, sourceVersion: source.version, toolChain },
      ...{ features, compiledFiles, tookMs },
    },
  });
}
