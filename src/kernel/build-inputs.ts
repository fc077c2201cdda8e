import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { readRecipe, recipeOptions, type KernelRecipe } from "./kernel-recipe.ts";
import { findKernelSource, type KernelSource } from "./kernel-source.ts";
import { describeSourceChanges, readSourceChanges, type SourceChanges } from "./source-changes.ts";
import { describeToolChain, requireToolChain } from "./tool-chain.ts";

const kernelFolder = fileURLToPath(new URL("../../kernel", import.meta.url));
/** Change it when the same source, options and tools give another kernel. */
const builderVersion = 2;

/** All that decides what a kernel will be. */
export interface BuildInputs {
  recipe: KernelRecipe;
  source: KernelSource;
  toolChain: string;
  changes: SourceChanges;
  /** Recipe, version of the source, and the digest of the rest. */
  id: string;
}

export interface InputOptions {
  /** Of kernel/recipes; `hyper` when left out. */
  recipe?: string | undefined;
  /** As {@link findKernelSource} takes it. */
  source?: string | undefined;
  /** Where kernel/ lies, for tests. */
  from?: string | undefined;
}

/** Finds what a build would take; fetches nothing yet. */
export async function gatherInputs(
  dataRoot: string,
  { recipe: name = "hyper", source: wanted, from = kernelFolder }: InputOptions,
): Promise<BuildInputs> {
  const recipe = await readRecipe(name, from);
  await requireToolChain();
  const source = await findKernelSource(dataRoot, wanted);
  const toolChain = await describeToolChain();
  const changes = await readSourceChanges(from);
  const digest = digestOfInputs({ recipe, source, toolChain, changes });
  const version = source.version.replace(/^sha256:(.{12}).*/, "$1");
  return { recipe, source, toolChain, changes, id: `${recipe.name}-${version}-${digest}` };
}

function digestOfInputs({ recipe, source, toolChain, changes }: Omit<BuildInputs, "id">): string {
  const inputs = {
    builderVersion,
    recipe: recipe.name,
    options: recipeOptions(recipe).map(({ name, value, since, until }) => [
      ...[name, value, since, until],
    ]),
    ...{ name: source.name, version: source.version, toolChain },
    changes: describeSourceChanges(changes),
  };
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 12);
}
